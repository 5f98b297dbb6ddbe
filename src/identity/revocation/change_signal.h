// Wakes the waiters for the next change of the revocation feed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/answer.h"

namespace merlon::identity {

// Safe from every thread. A waiter is woken by the next raise() only, so something has to raise it
// now and then.
class ChangeSignal final {
public:
    // Changes with every raise(). Read it before reading what may change.
    std::uint64_t count() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }

    void raise() {
        std::vector<Waiter> woken;
        {
            const std::lock_guard lock(mutex_);
            ++count_;
            woken.swap(waiting_);
        }
        for (const Waiter& waiter : woken) waiter->set({});
    }

    // Returns once count() is not `seen`.
    Task<> wait(std::uint64_t seen) {
        return Answer<void>::wait_for([this, seen](Waiter waiter) {
            const std::lock_guard lock(mutex_);
            if (count_ == seen) {
                waiting_.push_back(std::move(waiter));
            } else {
                waiter->set({});
            }
            return Result<>{};
        });
    }

private:
    // Shared with the waiting frame, which may end first.
    using Waiter = std::shared_ptr<Answer<void>>;

    mutable std::mutex mutex_;
    std::uint64_t count_ = 0;
    std::vector<Waiter> waiting_;  // one for each gateway
};

}  // namespace merlon::identity
