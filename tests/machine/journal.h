// The disk's journal: what was asked of it, in order and with its bytes, in a file of its own.
// tests/scenario/power_cut.py makes of it what a disk holds that has lost its power.
#pragma once

#include <cstdint>
#include <string_view>

namespace machine::journal {

// Of a record. `handle` is one opening of a file; a name is an absolute path.
enum class Kind : std::uint32_t {
    Start,     // of a process: no handle of before means anything
    Open,      // handle, bytes: name; first: whether it was made by this
    Write,     // handle, first: offset, bytes: what was written
    Truncate,  // handle, first: length
    Sync,      // handle, first: where the journal ended when the sync began
    MakeFolder,
    Link,    // bytes: old name, NUL, new name
    Rename,  // the same
    Unlink,
};

// The bytes of a record come behind it.
struct Record {
    Kind kind;
    std::uint32_t handle;
    std::uint64_t first;
    std::uint64_t length;  // of the bytes
};
static_assert(sizeof(Record) == 24);

// Goes on with a journal that is there. False when it cannot.
bool open(const char* path);
// From every thread; nothing when no journal is open.
void append(Kind kind, std::uint32_t handle, std::uint64_t first, std::string_view bytes = {});
// Where it ends now: what is below has been asked before.
std::uint64_t end();

}  // namespace machine::journal
