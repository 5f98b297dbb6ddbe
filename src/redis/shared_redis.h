// Redis for who asks now and then, from any thread: one client on one loop for all of them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "redis/redis_client.h"

namespace merlon::redis {

// Resource; ask() is safe from every thread. Destroyed when its loop has stopped.
class SharedRedis final {
public:
    // Borrows everything for life.
    SharedRedis(RedisServer& server, net::Deadlines& deadlines, Executor executor,
                const Clock& clock, std::span<const RedisScript> scripts,
                RedisConnection::Probe probe)
        : clock_(clock),
          patience_(2 * server.settings().answer_max),
          client_(server, deadlines, executor, clock, scripts, probe) {}

    using Numbers = std::array<std::int64_t, RedisCall::numbers_max>;
    // Runs a script of the list and gives its answer on the caller's loop. Errors (Unavailable):
    // "state.away", also when nobody knows whether it ran; "state.refused", of this key alone;
    // "answer.late" while the client's loop does something else.
    Task<Numbers> ask(std::size_t script, std::vector<std::string> words);

private:
    Task<Numbers> ask_here(std::size_t script, std::vector<std::string> words);

    const Clock& clock_;
    const std::chrono::milliseconds patience_;
    RedisClient client_;
};

}  // namespace merlon::redis
