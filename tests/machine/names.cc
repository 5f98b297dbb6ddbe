// Names of files: open and close, link, rename, unlink, mkdir. A new name lasts only once its
// folder was synced, which is what the journal's reader goes by.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdarg>

#include "disk.h"
#include "journal.h"

namespace machine {
namespace {

using disk::name_of;
using disk::refuses;
using disk::Wish;
using journal::Kind;

int open_at(int directory, const char* path, int flags, mode_t mode) {
    const auto open = [&] {
        return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
    };
    const std::string name = name_of(directory, path);
    if (name.empty()) return open();
    const bool is_made =
        (flags & O_CREAT) != 0 && ::syscall(SYS_faccessat, directory, path, F_OK) != 0;
    if (is_made && refuses(Wish::Space)) return -1;
    if ((flags & O_ACCMODE) != O_RDONLY && refuses(Wish::Change)) return -1;
    const int file = open();
    if (file < 0) return file;
    const std::uint32_t handle = disk::remember(file);
    journal::append(Kind::Open, handle, is_made ? 1 : 0, name);
    if ((flags & O_TRUNC) != 0) journal::append(Kind::Truncate, handle, 0);
    return file;
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

// A call that changes one or two names and nothing else.
template <class Call>
int change_names(Kind kind, Wish wish, const std::string& name, const std::string& other,
                 Call call) {
    if (name.empty()) return static_cast<int>(call());
    if (refuses(wish)) return -1;
    const auto done = static_cast<int>(call());
    if (done == 0) {
        journal::append(kind, 0, 0, other.empty() ? name : name + '\0' + other);
    }
    return done;
}

}  // namespace
}  // namespace machine

extern "C" {

int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = machine::mode_of(flags, arguments);
    va_end(arguments);
    return machine::open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = machine::mode_of(flags, arguments);
    va_end(arguments);
    return machine::open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int directory, const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = machine::mode_of(flags, arguments);
    va_end(arguments);
    return machine::open_at(directory, path, flags, mode);
}

int close(int file) {
    machine::disk::forget(file);
    return static_cast<int>(::syscall(SYS_close, file));
}

int mkdir(const char* path, mode_t mode) noexcept {
    return machine::change_names(machine::Kind::MakeFolder, machine::Wish::Space,
                                 machine::name_of(AT_FDCWD, path), {},
                                 [&] { return ::syscall(SYS_mkdirat, AT_FDCWD, path, mode); });
}

int link(const char* from, const char* to) noexcept {
    return machine::change_names(
        machine::Kind::Link, machine::Wish::Space, machine::name_of(AT_FDCWD, from),
        machine::name_of(AT_FDCWD, to),
        [&] { return ::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

int rename(const char* from, const char* to) noexcept {
    return machine::change_names(
        machine::Kind::Rename, machine::Wish::Change, machine::name_of(AT_FDCWD, from),
        machine::name_of(AT_FDCWD, to),
        [&] { return ::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to); });
}

int unlink(const char* path) noexcept {
    return machine::change_names(machine::Kind::Unlink, machine::Wish::Change,
                                 machine::name_of(AT_FDCWD, path), {},
                                 [&] { return ::syscall(SYS_unlinkat, AT_FDCWD, path, 0); });
}

}  // extern "C"
