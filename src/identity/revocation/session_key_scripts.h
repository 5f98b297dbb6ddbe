// The Lua scripts that write session keys. Each has one key, so a cluster would run it on its node.
#pragma once

#include "redis/redis_connection.h"

namespace merlon::identity {

inline constexpr std::size_t refuse_script = 0;
inline constexpr std::size_t raise_version_script = 1;

inline constexpr redis::RedisScript session_key_scripts[] = {
    // KEYS: revoked:session:SESSION or revoked:USER:TOKEN. ARGV: seconds to keep it.
    {R"(
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
return {1}
)",
     1, 1},

    // KEYS: token:version:USER. ARGV: version, seconds to keep it. Several processes may write in
    // any order: the highest version and the longest time win; a key without an expiry keeps none.
    {R"(
local version = ARGV[1]
local there = tonumber(redis.call('GET', KEYS[1]) or '')
if there and there >= tonumber(version) then version = string.format('%.0f', there) end
local left = redis.call('TTL', KEYS[1])
if left == -1 then
  redis.call('SET', KEYS[1], version)
else
  redis.call('SET', KEYS[1], version, 'EX', math.max(left, tonumber(ARGV[2])))
end
return {1}
)",
     1, 1},
};

// A write of a key that is no token's.
inline constexpr redis::RedisConnection::Probe session_key_probe{refuse_script,
                                                                 {"revoked:up", "1"}};

}  // namespace merlon::identity
