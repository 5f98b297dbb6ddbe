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
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/task.h"

namespace merlon {

// Shared by the waiting frame and the queued work, because either may go first.
template <class T>
class Answer : public std::enable_shared_from_this<Answer<T>> {
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

public:
    // Called by wait_for().
    explicit Answer(Timer& timer) : timer_(&timer) {}

    // From any thread, once. Nothing happens when nobody waits any more.
    void set(Result<T> result) {
        const Lock lock(mutex_);
        result_ = std::move(result);
        if (timer_ == nullptr) return;
        asio::post(timer_->get_executor(), [self = this->shared_from_this()] { self->wake(); });
    }

    // Gives `submit` the answer to fill, then waits for it on the caller's loop. `submit` may
    // refuse. Error: "answer.late" (Unavailable) after `deadline`; the answer then goes nowhere.
    template <class Submit>
    static Task<T> wait_for(Submit submit, SteadyTime deadline = SteadyTime::max()) {
        Timer timer(co_await current_executor(), deadline);
        auto answer = std::make_shared<Answer>(timer);
        const Waiting waiting(answer);
        MERLON_CO_TRY(submit(answer));
        co_await timer.async_wait(as_result);
        const Lock lock(answer->mutex_);
        if (!answer->result_) co_return fail(Kind::Unavailable, "answer.late");
        co_return *std::move(answer->result_);
    }

private:
    // Withdraws the timer when the frame that waits goes.
    class Waiting {
    public:
        explicit Waiting(std::shared_ptr<Answer> answer) : answer_(std::move(answer)) {}
        ~Waiting() {
            const Lock lock(answer_->mutex_);
            answer_->timer_ = nullptr;
        }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        std::shared_ptr<Answer> answer_;
    };

    // On the waiting loop. An expiry in the past also ends a wait that has yet to begin.
    void wake() {
        const Lock lock(mutex_);
        if (timer_ != nullptr) timer_->expires_at(Timer::time_point::min());
    }

    Mutex mutex_;
    // The waiting frame's; only its loop calls it, except get_executor(). Null: the frame is gone.
    Timer* timer_ MERLON_GUARDED_BY(mutex_);
    std::optional<Result<T>> result_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon
