// Wakes the waiters for the next change of the revocation feed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/answer.h"
#include "base/mutex.h"

namespace merlon::identity {

// Safe from every thread. A waiter is woken by the next raise() only, so something has to raise it
// now and then.
class ChangeSignal final {
public:
    // Changes with every raise(). Read it before reading what may change.
    std::uint64_t count() const {
        const Lock lock(mutex_);
        return count_;
    }

    void raise() {
        std::vector<Waiter> woken;
        {
            const Lock lock(mutex_);
            ++count_;
            woken.swap(waiting_);
        }
        for (const Waiter& waiter : woken) waiter->set({});
    }

    // Returns once count() is not `seen`.
    Task<> wait(std::uint64_t seen) {
        return Answer<void>::wait_for([this, seen](Waiter waiter) {
            const Lock lock(mutex_);
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

    mutable Mutex mutex_;
    std::uint64_t count_ MERLON_GUARDED_BY(mutex_) = 0;
    std::vector<Waiter> waiting_ MERLON_GUARDED_BY(mutex_);  // one for each gateway
};

}  // namespace merlon::identity
