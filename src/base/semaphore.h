// Wakes a thread without a lock between the two.
#pragma once

#include <semaphore.h>

#include <chrono>

#include "base/clock.h"

namespace merlon {

// Counts what was posted and not yet taken. Who posts holds nothing: wherever it is interrupted,
// and for how long, nobody else waits for it. Safe from every thread. Resource.
class Semaphore final {
public:
    Semaphore();
    ~Semaphore() { ::sem_destroy(&count_); }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    void post() { ::sem_post(&count_); }
    // Takes one as soon as there is one.
    void wait();
    // The same, or false after so long without one.
    bool wait_for(std::chrono::milliseconds patience);

private:
    ::sem_t count_{};
};

}  // namespace merlon
