// Runs a coroutine concurrently with the one that starts it (structured concurrency).
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "base/spawn.h"

namespace merlon {

// Lives in the frame of its parent coroutine. Once started it is joined on every path, since the
// task borrows from that frame. The parent closes or cancels what the task waits for; joining then
// takes one turn of the loop. One thread.
class ChildTask final {
public:
    explicit ChildTask(Executor executor)
        : executor_(executor), ended_(executor, std::chrono::steady_clock::time_point::max()) {}

    void start(Task<> task) {
        running_ = true;
        spawn(executor_, std::move(task), [this](Result<> result) {
            running_ = false;
            result_ = std::move(result);
            ended_.cancel();
        });
    }
    bool is_running() const { return running_; }

    // Waits for the task's end, and gives its result.
    Task<> join() {
        while (running_) co_await ended_.async_wait(as_result);
        co_return result_;
    }

private:
    // A timer that never expires: cancelling it wakes join().
    using Event =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    Executor executor_;
    Event ended_;
    Result<> result_;
    bool running_ = false;
};

}  // namespace merlon
