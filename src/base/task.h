// The coroutine type of Merlon: gives a Result, awaits other tasks and Asio's operations.
//
// Our own and not asio::awaitable, because a request is a dozen nested calls of which most need not
// wait: here such a call makes no frame, and one that waits is resumed where it lies, without a trip
// through the loop's queue (docs/decisions/0004-task.md).
//
// Parameters of a Task are values: the caller's frame may be gone when it resumes. A Task begins
// when it is awaited and ends before its awaiter goes on. It is never dropped while it waits: close
// what it waits for, and it ends with that error.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <coroutine>
#include <optional>
#include <tuple>

#include "base/frame_pool.h"
#include "base/result.h"

namespace merlon {

namespace asio = boost::asio;

// The concrete executor, not any_io_executor: one loop is one thread here, and the type-erased
// executor costs an indirect call and a reference count at every use.
using Executor = asio::io_context::executor_type;

// What all tasks of one spawn() know (base/spawn.h).
struct TaskRoot {
    Executor executor;  // the loop that runs them
};

// The part of a frame that does not depend on the task's value.
struct TaskPromise {
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) { free_frame(frame, bytes); }

    // Who awaits goes on at once, in this call.
    struct Ending {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            return ended.promise().awaiting;
        }
        void await_resume() const noexcept {}
    };
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Ending final_suspend() const noexcept { return {}; }
    // Nothing throws; out of memory stops the process.
    [[noreturn]] void unhandled_exception() noexcept {
        assertion_failed("a coroutine threw", __FILE__, __LINE__);
    }

    std::coroutine_handle<> awaiting;
    TaskRoot* root = nullptr;
};

template <class T = void>
class [[nodiscard]] Task {
public:
    struct promise_type : TaskPromise {
        Task get_return_object() {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        void return_value(Result<T> value) { result.emplace(std::move(value)); }
        std::optional<Result<T>> result;
    };

    // A task that has ended already: what a function returns that did not have to wait.
    Task(Result<T> result) : result_(std::move(result)) {}
    Task(std::unexpected<Error> error) : result_(std::move(error)) {}
    Task(Task&& other) noexcept
        : frame_(std::exchange(other.frame_, nullptr)), result_(std::move(other.result_)) {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (frame_) frame_.destroy();
    }

    bool await_ready() const noexcept { return !frame_; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        frame_.promise().awaiting = awaiting;
        frame_.promise().root = awaiting.promise().root;
        return frame_;
    }
    Result<T> await_resume() { return *std::move(frame_ ? frame_.promise().result : result_); }

private:
    explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

    std::coroutine_handle<promise_type> frame_;
    std::optional<Result<T>> result_;  // without a frame
};

// co_await current_executor(): the loop this task runs on.
struct CurrentExecutor {
    TaskRoot* root = nullptr;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        root = awaiting.promise().root;
        return false;
    }
    Executor await_resume() const noexcept { return root->executor; }
};
inline CurrentExecutor current_executor() { return {}; }

// The completion token of Asio's operations: co_await gives what the operation gives, error code
// first, as a tuple.
struct AsResult {};
inline constexpr AsResult as_result;

// An operation that begins when it is awaited. It completes on the loop before the frame ends, or
// never, when the loop is destroyed.
template <class Values, class Initiation, class... Arguments>
class [[nodiscard]] Operation {
public:
    Operation(Initiation initiation, Arguments... arguments)
        : initiation_(std::move(initiation)), arguments_(std::move(arguments)...) {}

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
        std::apply(
            [&](auto&&... arguments) {
                std::move(initiation_)(Completion{awaiting, &values_}, std::move(arguments)...);
            },
            std::move(arguments_));
    }
    Values await_resume() { return *std::move(values_); }

private:
    struct Completion {
        std::coroutine_handle<> awaiting;
        std::optional<Values>* values;

        template <class... Given>
        void operator()(Given&&... given) {
            values->emplace(std::forward<Given>(given)...);
            awaiting.resume();
        }
    };

    Initiation initiation_;
    std::tuple<Arguments...> arguments_;
    std::optional<Values> values_;
};

}  // namespace merlon

namespace boost::asio {

template <class... Values>
class async_result<merlon::AsResult, void(Values...)> {
public:
    template <class Initiation, class... Arguments>
    static auto initiate(Initiation initiation, merlon::AsResult, Arguments... arguments) {
        return merlon::Operation<std::tuple<std::decay_t<Values>...>, Initiation, Arguments...>(
            std::move(initiation), std::move(arguments)...);
    }
};

}  // namespace boost::asio
