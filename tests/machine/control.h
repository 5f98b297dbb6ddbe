// What the machine is told and what it has counted: one small file that a test and the program
// under test both map. Every field may change while the program runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace machine {

// The layout is tests/scenario/machine.py's, too. Text ends with a NUL.
struct Control {
    std::atomic<std::int64_t> clock_offset_s;    // added to the wall clock
    std::atomic<std::uint32_t> sync_delay_ms;    // before each fsync and fdatasync
    std::atomic<std::uint32_t> disk_error;       // ENOSPC or EROFS from now on; 0: the disk is well
    std::atomic<std::uint64_t> syncs;            // fsync and fdatasync that succeeded
    std::atomic<std::uint64_t> refused_writes;   // by disk_error
    std::atomic<std::uint64_t> lookup_delay_ms;  // before the answer to a name's look-up
    char folder[1024];                           // absolute: the disk is what is below
    char journal[1024];                          // where the disk's journal goes; empty: nowhere
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
static_assert(sizeof(Control) == 40 + 2048);

// Null before the library's constructor has run (a sanitizer's start calls the system earlier) and
// when TEST_MACHINE does not name a control file: then every call goes to the kernel as it is.
const Control* control();
// The same, to count.
Control* counters();

}  // namespace machine
