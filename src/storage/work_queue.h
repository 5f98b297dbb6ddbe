// A bounded queue between the callers' loops and one database thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace merlon::storage {

// Safe from every thread; one thread takes.
template <class Job>
class WorkQueue {
public:
    explicit WorkQueue(std::size_t waiting_max) : waiting_max_(waiting_max) {}

    // Refuses with "storage.busy" when full and "storage.unavailable" when closed.
    Result<> push(Job job) {
        const Lock lock(mutex_);
        if (closed_) return fail(Kind::Unavailable, "storage.unavailable", "database is stopped");
        if (jobs_.size() >= waiting_max_) {
            return fail(Kind::Unavailable, "storage.busy", "too many statements are waiting");
        }
        jobs_.push_back(std::move(job));
        ready_.notify_one();
        return {};
    }

    // The oldest jobs, at most `count_max`, as soon as there are any. Empty after `patience`
    // without one, or when the queue is closed and drained.
    std::vector<Job> take(std::size_t count_max, std::chrono::milliseconds patience) {
        Lock lock(mutex_);
        ready_.wait_for(lock.native(), patience,
                        [this]() MERLON_REQUIRES(mutex_) { return closed_ || !jobs_.empty(); });
        const auto count = static_cast<std::ptrdiff_t>(std::min(count_max, jobs_.size()));
        std::vector<Job> taken(std::make_move_iterator(jobs_.begin()),
                               std::make_move_iterator(jobs_.begin() + count));
        jobs_.erase(jobs_.begin(), jobs_.begin() + count);
        return taken;
    }

    // Nothing more comes in; what waits is still taken.
    void close() {
        const Lock lock(mutex_);
        closed_ = true;
        ready_.notify_all();
    }

    bool drained() const {
        const Lock lock(mutex_);
        return closed_ && jobs_.empty();
    }

private:
    const std::size_t waiting_max_;
    mutable Mutex mutex_;
    std::condition_variable ready_;
    std::deque<Job> jobs_ MERLON_GUARDED_BY(mutex_);
    bool closed_ MERLON_GUARDED_BY(mutex_) = false;
};

}  // namespace merlon::storage
