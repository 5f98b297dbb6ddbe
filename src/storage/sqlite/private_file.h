// Database files are their owner's alone, whatever the umask says, and their names outlast a power
// cut: SQLite and fsync see to a file's bytes, but its name is its folder's, and that one's name
// the next one's.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace merlon::storage {

// What errno says, and what to do about it where the disk is full.
std::string file_error_text(int error);

// Makes the names in `folder` (empty: the working directory) last. What a file system cannot sync,
// and a folder that we may not read (nor made), is left as it is.
Result<> sync_folder(const std::filesystem::path& folder);

// Makes the folder with mode 0700 when it is absent, those above it as the umask says, and all
// their names last: also those of a folder that is there, whose maker may have died too early.
// Takes from others the right to write to a folder that is there, or fails.
Result<> make_private_folder(const std::filesystem::path& folder);

// Makes the file when absent, mode 0600, in a private folder; takes the permissions
// of group and others from a file that is there. To be called before SQLite opens the file: SQLite
// gives its journal the mode of the file. Fails, as the others do, with "storage.unavailable",
// naming the path.
Result<> make_private_file(const std::filesystem::path& path);

}  // namespace merlon::storage
