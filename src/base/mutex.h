// A mutex whose use the compiler checks: Clang's -Wthread-safety refuses code that touches a
// guarded member without holding its mutex.
#pragma once

#include <mutex>

// Of a data member: it is read and written only while `mutex` is held.
#define MERLON_GUARDED_BY(mutex) __attribute__((guarded_by(mutex)))
// Of a function or a lambda: its caller holds `mutex`.
#define MERLON_REQUIRES(mutex) __attribute__((requires_capability(mutex)))

namespace merlon {

// std::mutex with the annotations that the one of libstdc++ lacks. Only Lock takes it.
class [[clang::capability("mutex")]] Mutex final {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

private:
    friend class Lock;
    std::mutex mutex_;
};

// Holds a mutex for as long as it lives. Never held over co_await.
class [[clang::scoped_lockable]] Lock final {
public:
    explicit Lock(Mutex& mutex) __attribute__((acquire_capability(mutex))) : lock_(mutex.mutex_) {}
    ~Lock() __attribute__((release_capability())) {}
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    // For std::condition_variable. While it waits the mutex is free, and held again before a
    // predicate is called: the predicate is a lambda with MERLON_REQUIRES.
    std::unique_lock<std::mutex>& native() { return lock_; }

private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace merlon
