// A value that one thread replaces while others go on with the one they have.
#pragma once

#include <memory>
#include <utility>

#include "base/mutex.h"

namespace merlon {

// Safe from every thread. Not std::atomic<std::shared_ptr>: load() of libstdc++ 12's gives its lock
// back with relaxed order, a race with store() that ThreadSanitizer reports (shared_ptr_atomic.h).
template <class T>
class Current final {
public:
    explicit Current(std::shared_ptr<const T> value) : value_(std::move(value)) {}

    // Shared with who uses it: a change may come meanwhile.
    std::shared_ptr<const T> load() const {
        const Lock lock(mutex_);
        return value_;
    }
    // The old value goes with its last user, or here, outside the lock.
    void store(std::shared_ptr<const T> value) {
        const Lock lock(mutex_);
        value_.swap(value);
    }

private:
    mutable Mutex mutex_;
    std::shared_ptr<const T> value_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon
