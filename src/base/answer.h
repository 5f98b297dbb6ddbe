// The place where a database thread leaves the answer that a coroutine on another loop waits for.
//
// The coroutine's loop may be destroyed while the work is still queued: the work's thread must then
// neither resume the coroutine nor touch the loop. So the waiting frame
// owns a guard that withdraws its timer under the mutex; whoever sets the answer posts to the loop
// only while holding that mutex and finding the timer there. A loop that is being destroyed
// destroys its frames first and therefore waits for such a post to be over.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/task.h"

namespace merlon {

// Shared by the waiting frame and the queued work, because either may go first.
template <class T>
class Answer : public std::enable_shared_from_this<Answer<T>> {
public:
    // From any thread, once. Nothing happens when nobody waits any more.
    void set(Result<T> result) {
        const std::lock_guard lock(mutex_);
        result_ = std::move(result);
        if (timer_ == nullptr) return;
        asio::post(timer_->get_executor(), [self = this->shared_from_this()] { self->wake(); });
    }

    // Gives `submit` the answer to fill, then waits for it on the caller's loop. `submit` may
    // refuse. Error: "answer.late" (Unavailable) after `deadline`; the answer then goes nowhere.
    template <class Submit>
    static Task<T> wait_for(Submit submit, SteadyTime deadline = SteadyTime::max()) {
        auto answer = std::make_shared<Answer>();
        Timer timer(co_await current_executor(), deadline);
        const Waiting waiting(*answer, timer);
        MERLON_CO_TRY(submit(answer));
        co_await timer.async_wait(as_result);
        const std::lock_guard lock(answer->mutex_);
        if (!answer->result_) co_return fail(Kind::Unavailable, "answer.late");
        co_return *std::move(answer->result_);
    }

private:
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

    // Says that a frame is there to be woken, for as long as it is.
    class Waiting {
    public:
        Waiting(Answer& answer, Timer& timer) : answer_(answer.shared_from_this()) {
            answer_->timer_ = &timer;
        }
        ~Waiting() {
            const std::lock_guard lock(answer_->mutex_);
            answer_->timer_ = nullptr;
        }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        std::shared_ptr<Answer> answer_;
    };

    // On the waiting loop. An expiry in the past also ends a wait that has yet to begin.
    void wake() {
        const std::lock_guard lock(mutex_);
        if (timer_ != nullptr) timer_->expires_at(Timer::time_point::min());
    }

    std::mutex mutex_;
    Timer* timer_ = nullptr;  // the waiting frame's; only its loop calls it, except get_executor()
    std::optional<Result<T>> result_;
};

}  // namespace merlon
