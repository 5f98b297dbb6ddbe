// Files that others see whole or not at all, also after a power cut: written beside their place,
// synced, then given their name.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string_view>

#include "base/entropy.h"
#include "base/result.h"

namespace merlon::operations {

inline constexpr mode_t mode_private = 0600;
inline constexpr mode_t mode_public = 0644;

// Makes a file that is not there. Errors: "file.exists" (Conflict), which leaves what is there,
// also a link to nowhere; "file.unwritable" (Unavailable).
Result<> create_whole_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode,
                           Entropy& entropy);

// Takes the place of what is there; a link is replaced, not followed. Whoever has the old file open
// goes on with it. Error: "file.unwritable" (Unavailable).
Result<> replace_whole_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode,
                            Entropy& entropy);

}  // namespace merlon::operations
