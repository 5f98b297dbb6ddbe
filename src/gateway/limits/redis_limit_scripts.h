// The Lua scripts that count limits in Redis. A script is atomic, so no two gateways let more
// through than one would. Time is the Redis server's, since the clocks of gateways differ.
#pragma once

#include "redis/redis_connection.h"

namespace merlon::gateway {

inline constexpr std::size_t count_script = 0;
inline constexpr std::size_t reserve_script = 1;
inline constexpr std::size_t settle_script = 2;

// A reservation that is not settled by then belongs to a gateway that was killed. Longer than a
// log-in may take.
inline constexpr std::string_view held_longest_ms = "60000";

inline constexpr redis::RedisScript limit_scripts[] = {
    // KEYS: the counter. ARGV: window in ms. What rate-limit-redis does.
    {R"(
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}
)",
     1, 2},

    // KEYS: the counter, the held. ARGV: window in ms, max, name of the reservation, longest hold.
    // A window that begins takes over what is held: it is still to be settled.
    {R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local held = redis.call('ZCARD', KEYS[2])
local left = redis.call('PTTL', KEYS[1])
local goes_on = left > 0
local count = held
if goes_on then
  count = tonumber(redis.call('GET', KEYS[1]))
else
  left = tonumber(ARGV[1])
end
if count >= tonumber(ARGV[2]) then return {count, left, 0, held} end
count = count + 1
if goes_on then
  redis.call('INCR', KEYS[1])
else
  redis.call('SET', KEYS[1], count, 'PX', left)
end
redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {count, left, 1, held + 1}
)",
     2, 4},

    // KEYS: the counter, the held. ARGV: window in ms, name of the reservation, 1 to forgive. A
    // count that was begun in a window that is over counts in the next.
    {R"(
local was_held = redis.call('ZREM', KEYS[2], ARGV[2]) == 1
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
  if ARGV[3] == '1' and tonumber(redis.call('GET', KEYS[1])) > 0 then redis.call('DECR', KEYS[1]) end
elseif ARGV[3] == '0' and was_held then
  left = tonumber(ARGV[1])
  redis.call('SET', KEYS[1], 1 + redis.call('ZCARD', KEYS[2]), 'PX', left)
end
return {left}
)",
     2, 1},
};

// A write of a key that is no client's.
inline constexpr redis::RedisConnection::Probe limit_probe{count_script, {"rl:up", "1000"}};

}  // namespace merlon::gateway
