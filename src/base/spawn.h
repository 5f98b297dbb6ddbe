// Starting a task that no other task awaits.
#pragma once

#include <boost/asio/post.hpp>

#include "base/link.h"
#include "base/task.h"

namespace merlon {

// The outermost frame of a spawned task. Owned by whoever holds this until it begins, from then on
// by its loop: until the task ends, or the loop is destroyed with the task still waiting.
class SpawnedFrame {
public:
    // In the list of its loop's frames, to be found when the loop is destroyed.
    struct promise_type : Link {
        template <class... Rest>
        explicit promise_type(Executor executor, const Rest&...) : own{executor} {}

        SpawnedFrame get_return_object() {
            return SpawnedFrame(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() noexcept {
            assertion_failed("a coroutine threw", __FILE__, __LINE__);
        }

        TaskRoot own;
        TaskRoot* root = &own;  // where the task it awaits looks
    };

    SpawnedFrame(SpawnedFrame&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    SpawnedFrame& operator=(SpawnedFrame&&) = delete;
    ~SpawnedFrame() {
        if (frame_) frame_.destroy();
    }

    // On its loop, once.
    void begin();

private:
    explicit SpawnedFrame(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    std::coroutine_handle<promise_type> frame_;
};

struct IgnoreResult {
    template <class T>
    void operator()(Result<T>) const {}
};

template <class T, class Done>
SpawnedFrame run_spawned(Executor, Task<T> task, Done done) {
    done(co_await std::move(task));
}

// Runs `task` on the loop of `executor`, from its next turn on, and gives what it gave to
// `done(Result<T>)` there. From any thread. A loop that is destroyed destroys the tasks that wait.
template <class T, class Done = IgnoreResult>
void spawn(Executor executor, Task<T> task, Done done = {}) {
    asio::post(executor, [frame = run_spawned(executor, std::move(task),
                                              std::move(done))]() mutable { frame.begin(); });
}

}  // namespace merlon
