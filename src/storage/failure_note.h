// What last went wrong with a database, for the operator's log: callers get a 503 that says nothing
// of files, and somebody has to know which file it was.
#pragma once

#include <string>
#include <utility>

#include "base/mutex.h"

namespace merlon::storage {

// Safe from every thread. Keeps one failure: those of a failing disk are all the same.
class FailureNote final {
public:
    void write(std::string detail) {
        const Lock lock(mutex_);
        last_ = std::move(detail);
    }
    // The failure since the last call; empty: none.
    std::string take() {
        const Lock lock(mutex_);
        return std::exchange(last_, {});
    }

private:
    Mutex mutex_;
    std::string last_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::storage
