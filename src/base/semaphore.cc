// POSIX semaphores, with signals that interrupt a wait taken care of.
#include "base/semaphore.h"

#include <cerrno>
#include <ctime>

#include "base/result.h"

namespace merlon {

Semaphore::Semaphore() { MERLON_ASSERT(::sem_init(&count_, 0, 0) == 0); }

void Semaphore::wait() {
    while (::sem_wait(&count_) != 0) MERLON_ASSERT(errno == EINTR);
}

bool Semaphore::wait_for(std::chrono::milliseconds patience) {
    using std::chrono::nanoseconds;
    const nanoseconds end = (std::chrono::steady_clock::now() + patience).time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(end);
    const ::timespec until{seconds.count(), (end - seconds).count()};
    while (::sem_clockwait(&count_, CLOCK_MONOTONIC, &until) != 0) {
        if (errno == ETIMEDOUT) return false;
        MERLON_ASSERT(errno == EINTR);
    }
    return true;
}

}  // namespace merlon
