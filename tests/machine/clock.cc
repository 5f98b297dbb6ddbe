// The wall clock, ahead or behind by the control file's offset. Loads and an addition: safe in
// signal handlers and on every thread. Steady clocks do not jump.
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

namespace machine {
namespace {

using GetTime = int (*)(clockid_t, timespec*);

// The C library's, which needs no system call.
constinit std::atomic<GetTime> real_gettime{nullptr};

__attribute__((constructor)) void find_real_gettime() {
    real_gettime.store(reinterpret_cast<GetTime>(::dlsym(RTLD_NEXT, "clock_gettime")),
                       std::memory_order_release);
}

bool jumps(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int gettime(clockid_t clock, timespec* time) {
    const GetTime real = real_gettime.load(std::memory_order_acquire);
    const int done = real != nullptr ? real(clock, time)
                                     : static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
    if (const Control* told = control(); done == 0 && told != nullptr && jumps(clock)) {
        time->tv_sec += told->clock_offset_s.load(std::memory_order_relaxed);
    }
    return done;
}

}  // namespace
}  // namespace machine

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    return machine::gettime(clock, time);
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
    timespec now{};
    if (machine::gettime(CLOCK_REALTIME, &now) != 0) return -1;
    *time = {now.tv_sec, now.tv_nsec / 1'000};
    return 0;
}

time_t time(time_t* seconds) noexcept {
    timespec now{};
    if (machine::gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (seconds != nullptr) *seconds = now.tv_sec;
    return now.tv_sec;
}

}  // extern "C"
