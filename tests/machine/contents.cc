// What is written into files and when it lasts: write, ftruncate, fsync and their relatives. They
// are made as bare system calls, so that a sanitizer's wrappers around ours are passed once only.
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "journal.h"

namespace machine {
namespace {

using disk::handle_of;
using disk::refuses;
using disk::Wish;
using journal::Kind;

ssize_t written_at(std::uint32_t handle, off_t offset, const void* bytes, ssize_t count) {
    if (count > 0) {
        journal::append(Kind::Write, handle, static_cast<std::uint64_t>(offset),
                        {static_cast<const char*>(bytes), static_cast<std::size_t>(count)});
    }
    return count;
}

ssize_t write_at(int file, const void* bytes, size_t count, off_t offset) {
    const std::uint32_t handle = handle_of(file);
    if (handle != 0 && refuses(Wish::Space)) return -1;
    const ssize_t done = ::syscall(SYS_pwrite64, file, bytes, count, offset);
    return handle == 0 ? done : written_at(handle, offset, bytes, done);
}

int truncate_to(int file, off_t length) {
    const std::uint32_t handle = handle_of(file);
    if (handle != 0 && refuses(Wish::Change)) return -1;
    const auto done = static_cast<int>(::syscall(SYS_ftruncate, file, length));
    if (handle != 0 && done == 0) {
        journal::append(Kind::Truncate, handle, static_cast<std::uint64_t>(length));
    }
    return done;
}

void wait_for_the_disk() {
    const std::uint32_t delay_ms = counters()->sync_delay_ms.load(std::memory_order_relaxed);
    if (delay_ms == 0) return;
    timespec left{delay_ms / 1'000, delay_ms % 1'000 * 1'000'000L};
    while (::nanosleep(&left, &left) != 0) {
    }
}

// Only what was asked before it began surely lasts once it is done.
int sync_by(long call, int file) {
    const std::uint32_t handle = handle_of(file);
    if (handle == 0) return static_cast<int>(::syscall(call, file));
    const std::uint64_t asked_before = journal::end();
    wait_for_the_disk();
    const auto done = static_cast<int>(::syscall(call, file));
    if (done == 0) {
        journal::append(Kind::Sync, handle, asked_before);
        counters()->syncs.fetch_add(1, std::memory_order_relaxed);
    }
    return done;
}

}  // namespace
}  // namespace machine

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
    return machine::write_at(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
    return machine::write_at(file, bytes, count, offset);
}

ssize_t write(int file, const void* bytes, size_t count) {
    const std::uint32_t handle = machine::handle_of(file);
    if (handle != 0 && machine::refuses(machine::Wish::Space)) return -1;
    const ssize_t done = ::syscall(SYS_write, file, bytes, count);
    if (handle == 0 || done < 0) return done;
    return machine::written_at(handle, ::lseek(file, 0, SEEK_CUR) - done, bytes, done);
}

int ftruncate(int file, off_t length) noexcept { return machine::truncate_to(file, length); }
int ftruncate64(int file, off64_t length) noexcept { return machine::truncate_to(file, length); }

int fsync(int file) { return machine::sync_by(SYS_fsync, file); }
int fdatasync(int file) { return machine::sync_by(SYS_fdatasync, file); }

}  // extern "C"
