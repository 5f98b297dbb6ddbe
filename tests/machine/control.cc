// Finding the control file. The library is loaded into a program that knows nothing of it, so what
// it holds has to be global.
#include "control.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "journal.h"

namespace machine {
namespace {

constinit std::atomic<Control*> mapped{nullptr};

// A test that asked for a machine and got none must not pass.
[[noreturn]] void give_up(const char* path) {
    std::perror(path);
    ::_exit(70);
}

__attribute__((constructor)) void begin() {
    const char* path = std::getenv("TEST_MACHINE");
    if (path == nullptr) return;
    const auto file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC));
    if (file < 0) give_up(path);
    void* memory = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) give_up(path);
    ::syscall(SYS_close, file);
    auto* control = static_cast<Control*>(memory);
    if (control->journal[0] != '\0' && !journal::open(control->journal)) give_up(control->journal);
    mapped.store(control, std::memory_order_release);
}

}  // namespace

const Control* control() { return mapped.load(std::memory_order_acquire); }
Control* counters() { return mapped.load(std::memory_order_acquire); }

}  // namespace machine
