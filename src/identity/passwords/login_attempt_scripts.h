// The Lua scripts that count log-in attempts in Redis: FailureTable's two steps on a hash for each
// account and client, and on one for each account. A script is atomic, so no two processes let more
// attempts through than one would. Time is the server's. Each script has one key, so a cluster
// would run it on the key's node.
//
// The hash: `failures` since the last success or lock, `locks` in a row, `locked` until (ms), and
// for each pending attempt `p:NAME`, the time at which it is given up: its process was killed
// before it reported the outcome.
#pragma once

#include "redis/redis_connection.h"

namespace merlon::identity {

inline constexpr std::size_t begin_attempt_script = 0;
inline constexpr std::size_t end_attempt_script = 1;
inline constexpr std::size_t probe_script = 2;

inline constexpr redis::RedisScript login_attempt_scripts[] = {
    // KEYS: the account. ARGV: name of the attempt, most failures, longest hold and lifetime in ms.
    // Gives 1 when its password may be verified, else 0 and the ms to wait: 0 while others are
    // pending.
    {R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
local failures, locked, pending = 0, 0, 0
for i = 1, #all, 2 do
  local field, value = all[i], tonumber(all[i + 1]) or 0
  if field == 'failures' then
    failures = value
  elseif field == 'locked' then
    locked = value
  elseif string.sub(field, 1, 2) == 'p:' then
    if value > now then pending = pending + 1 else redis.call('HDEL', KEYS[1], field) end
  end
end
if now < locked then return {0, locked - now} end
if failures + pending >= tonumber(ARGV[2]) then return {0, 0} end
redis.call('HSET', KEYS[1], 'p:' .. ARGV[1], string.format('%.0f', now + tonumber(ARGV[3])))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {1, 0}
)",
     1, 2},

    // KEYS: the account. ARGV: name of the attempt, its verdict, most failures, first and longest
    // lock and lifetime in ms. Gives 1 when it locked the account.
    {R"(
redis.call('HDEL', KEYS[1], 'p:' .. ARGV[1])
if ARGV[2] == 'right' then redis.call('HDEL', KEYS[1], 'failures', 'locks') end
if ARGV[2] ~= 'wrong' then return {0} end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[6])
if failures < tonumber(ARGV[3]) then return {0} end
local locks = redis.call('HINCRBY', KEYS[1], 'locks', 1)
local length = math.min(tonumber(ARGV[5]), tonumber(ARGV[4]) * 2 ^ math.min(locks - 1, 10))
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HDEL', KEYS[1], 'failures')
redis.call('HSET', KEYS[1], 'locked', string.format('%.0f', now + length))
return {1}
)",
     1, 1},

    // KEYS: one that is no account's. ARGV: ms to keep it.
    {R"(
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return {1}
)",
     1, 1},
};

inline constexpr redis::RedisConnection::Probe login_attempt_probe{probe_script,
                                                                   {"guesses:up", "1000"}};

}  // namespace merlon::identity
