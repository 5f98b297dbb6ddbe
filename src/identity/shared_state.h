// What auth processes share in Redis, and tell others there.
#pragma once

#include "identity/guess_scripts.h"
#include "identity/session_keys.h"
#include "state/shared_redis.h"

namespace merlon::identity {

// Resource; safe from every thread but for SessionKeys::tick(). Destroyed when its loop has
// stopped.
struct SharedState {
    // Borrows everything for life.
    SharedState(state::RedisServer& server, http::Deadlines& deadlines, Executor executor,
                const Clock& clock, metrics::Registry& metrics)
        : session_keys(server, deadlines, executor, clock, metrics),
          guesses(server, deadlines, executor, clock, guess_scripts, guess_probe) {}

    SessionKeys session_keys;
    state::SharedRedis guesses;
};

}  // namespace merlon::identity
