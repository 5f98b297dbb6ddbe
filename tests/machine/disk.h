// The files below the control file's folder: which descriptor is which, and whether the disk lets
// something be done to them.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string>

#include "control.h"

namespace machine::disk {

// The absolute form of `path` when it is the folder, below it, or the folder's own parent (whose
// fsync makes the folder's name last); else empty. `directory` as in openat.
std::string name_of(int directory, const char* path);

// What an opening is called from now on; `descriptor` is remembered until it is closed.
std::uint32_t remember(int descriptor);
void forget(int descriptor);
// 0: none of ours.
std::uint32_t handle_of(int descriptor);

// What somebody wants to do, as far as failing disks tell it apart.
enum class Wish : std::uint8_t {
    Space,   // writes, new names
    Change,  // takes no space: only a read-only disk refuses it
};
// Whether the disk refuses it; then errno is set, and the refusal counted.
bool refuses(Wish wish);

}  // namespace machine::disk
