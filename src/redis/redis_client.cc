// Connecting again and again, and giving up waiting in time. Read run() first.
#include "redis/redis_client.h"

#include "base/spawn.h"

namespace merlon::redis {
namespace {

// Between attempts. The longest is how late we may notice that the server is back.
constexpr std::chrono::milliseconds pause_first{50};
constexpr std::chrono::milliseconds pause_max{1'000};

// Between two looks at who waits: one timer for all of them, and only while somebody does.
constexpr std::chrono::milliseconds watch_step{25};

}  // namespace

RedisClient::RedisClient(RedisServer& server, net::Deadlines& deadlines, Executor executor,
                         const Clock& clock, std::span<const RedisScript> scripts,
                         RedisConnection::Probe probe)
    : server_(server),
      deadlines_(deadlines),
      executor_(executor),
      clock_(clock),
      scripts_(scripts),
      probe_(probe),
      hopes_since_(clock.steady()),
      watch_(executor),
      pause_(executor) {
    spawn(executor_, run());
}

Task<> RedisClient::run() {
    hopes_since_ = clock_.steady();  // the loop may have been made long before it runs
    for (std::chrono::milliseconds pause = pause_first;;) {
        auto opened =
            co_await RedisConnection::open(&server_, &deadlines_, &clock_, scripts_, probe_);
        if (opened) {
            connection_ = *std::move(opened);
            enter(State::Up, {});
            pause = pause_first;
            const Result<> ended = co_await connection_->serve();
            const std::shared_ptr<RedisConnection> broken = std::exchange(connection_, nullptr);
            // A server that closes what was idle for a while is there; one that owes an answer, or
            // lets nobody stay, is not.
            const bool was_idle = broken->waits_since() == SteadyTime::max() &&
                                  clock_.steady() - up_since_ > pause_max;
            enter(was_idle ? State::Connecting : State::Away, ended.error().detail);
            broken->lose_all();
            if (was_idle) continue;
        } else {
            enter(State::Away, opened.error().detail);
        }
        pause_.expires_after(pause);
        pause = std::min(pause * 2, pause_max);
        co_await pause_.async_wait(as_result);
    }
}

void RedisClient::enter(State state, const std::string& why) {
    state_ = state;
    if (state == State::Connecting) hopes_since_ = clock_.steady();
    if (state == State::Up) {
        up_since_ = clock_.steady();
        ++connections_;
        std::exchange(is_counted_away_, false) ? server_.came_back() : server_.came_up();
    }
    if (state == State::Away && !std::exchange(is_counted_away_, true)) server_.went_away(why);
    if (state == State::Connecting) return;
    for (const auto hopeful : std::exchange(hopeful_, {})) hopeful.resume();
}

Task<> RedisClient::ready() {
    if (state_ == State::Up) return Result<>{};
    return await_hope();
}

Task<> RedisClient::await_hope() {
    if (state_ == State::Connecting && hopeful_.size() < server_.settings().waiting_max) {
        co_await Hope{*this};
    }
    if (state_ == State::Up) co_return Result<>{};
    co_return fail(Kind::Unavailable, "state.away");
}

bool RedisClient::ask(std::size_t script, std::span<const std::string_view> words,
                      RedisCall* call) {
    if (state_ != State::Up || !connection_->has_room()) return false;
    connection_->ask(script, words, call);
    watch();
    return true;
}

void RedisClient::watch() {
    if (std::exchange(is_watching_, true)) return;
    watch_due_ = clock_.steady() + watch_step;
    watch_.expires_after(watch_step);
    watch_.async_wait([this](const boost::system::error_code& error) {
        is_watching_ = false;
        if (!error) look_at_watch();
    });
}

void RedisClient::look_at_watch() {
    // A loop that comes late itself may not have read yet what has come.
    const SteadyTime now = clock_.steady();
    const bool is_late = now > watch_due_ + watch_step;
    const auto answer_max = server_.settings().answer_max * (is_late ? 2 : 1);
    if (!hopeful_.empty()) {
        watch();
        if (now - hopes_since_ >= answer_max) enter(State::Away, "no connection in time");
    }
    if (state_ != State::Up || connection_->waits_since() == SteadyTime::max()) return;
    watch();
    if (now - connection_->waits_since() >= answer_max) {
        connection_->break_off("no answer in time");
    }
}

}  // namespace merlon::redis
