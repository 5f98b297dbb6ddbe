// A worker's way to Redis: one connection, made again whenever it breaks, and the rule of how long
// anybody waits. A request waits for an answer at most answer_max, or for the connection when there
// is hope that it comes at once; as soon as the server is known to be away, nobody waits at all.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <coroutine>
#include <vector>

#include "redis/redis_connection.h"

namespace merlon::redis {

// Resource; one thread, its loop's. Destroyed when the loop has stopped.
class RedisClient final {
public:
    // Begins to connect with the loop's next turn. Borrows everything for life. `probe` and
    // `scripts` as in RedisConnection::open.
    RedisClient(RedisServer& server, net::Deadlines& deadlines, Executor executor,
                const Clock& clock, std::span<const RedisScript> scripts,
                RedisConnection::Probe probe);
    RedisClient(const RedisClient&) = delete;
    RedisClient& operator=(const RedisClient&) = delete;

    bool is_away() const { return state_ == State::Away; }
    // Changes with every connection that serves: what a server was told over an earlier one, the
    // one that is there now may not know.
    std::uint64_t connections() const { return connections_; }
    // Until scripts can be asked for. Errors: "state.away" (Unavailable).
    Task<> ready();

    // Only after ready(), in the same turn. False: too many wait already, and nothing was asked.
    bool ask(std::size_t script, std::span<const std::string_view> words, RedisCall* call);
    // Suspends until the call's outcome is known.
    struct Answer {
        RedisCall& call;
        bool await_ready() const noexcept { return call.outcome != RedisCall::Outcome::Waiting; }
        void await_suspend(std::coroutine_handle<> waiter) noexcept { call.waiter = waiter; }
        void await_resume() const noexcept {}
    };
    static Answer answer_to(RedisCall& call) { return {call}; }

    Executor executor() const { return executor_; }

private:
    // Connecting: for the first time, or again after a connection that served; there is hope.
    enum class State : std::uint8_t { Connecting, Up, Away };
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    struct Hope {
        RedisClient& client;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) {
            client.hopeful_.push_back(waiter);
            client.watch();
        }
        void await_resume() const noexcept {}
    };

    Task<> run();
    Task<> await_hope();
    void enter(State state, const std::string& why);
    // Looks at who waits until nobody does.
    void watch();
    void look_at_watch();

    RedisServer& server_;
    net::Deadlines& deadlines_;
    Executor executor_;
    const Clock& clock_;
    const std::span<const RedisScript> scripts_;
    const RedisConnection::Probe probe_;
    State state_ = State::Connecting;
    std::uint64_t connections_ = 0;
    bool is_counted_away_ = false;
    SteadyTime hopes_since_;
    SteadyTime up_since_;
    std::shared_ptr<RedisConnection> connection_;  // while Up
    std::vector<std::coroutine_handle<>> hopeful_;
    Timer watch_;
    SteadyTime watch_due_;
    bool is_watching_ = false;
    Timer pause_;
};

}  // namespace merlon::redis
