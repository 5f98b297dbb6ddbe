// Holds the Redis clients of auth: for log-in attempts, which auth processes share, and for
// sign-outs, which services read.
#pragma once

#include "identity/passwords/login_attempt_scripts.h"
#include "identity/revocation/session_keys.h"
#include "redis/shared_redis.h"

namespace merlon::identity {

// Resource; safe from every thread but for SessionKeys::tick(). Destroyed when its loop has
// stopped.
struct RedisState {
    // Borrows everything for life.
    RedisState(redis::RedisServer& server, net::Deadlines& deadlines, Executor executor,
               const Clock& clock, metrics::Registry& metrics)
        : session_keys(server, deadlines, executor, clock, metrics),
          login_attempts(server, deadlines, executor, clock, login_attempt_scripts,
                         login_attempt_probe) {}

    SessionKeys session_keys;
    redis::SharedRedis login_attempts;
};

}  // namespace merlon::identity
