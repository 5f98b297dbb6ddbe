// Appending. One record is one system call, so a kill leaves at most the last one unfinished.
#include "journal.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <mutex>

namespace machine::journal {
namespace {

// Globals: the library has no object that could own them.
constinit std::mutex mutex;
constinit int file = -1;
constinit std::uint64_t length = 0;

}  // namespace

bool open(const char* path) {
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, 0600));
    if (file < 0) return false;
    length = static_cast<std::uint64_t>(::lseek(file, 0, SEEK_END));
    append(Kind::Start, 0, 0);
    return true;
}

void append(Kind kind, std::uint32_t handle, std::uint64_t first, std::string_view bytes) {
    if (file < 0) return;
    Record record{kind, handle, first, bytes.size()};
    const iovec parts[] = {{&record, sizeof record},
                           {const_cast<char*>(bytes.data()), bytes.size()}};
    const std::lock_guard lock(mutex);
    const long written = ::syscall(SYS_writev, file, parts, 2);
    if (written > 0) length += static_cast<std::uint64_t>(written);
}

std::uint64_t end() {
    const std::lock_guard lock(mutex);
    return length;
}

}  // namespace machine::journal
