// Database files are their owner's alone, whatever the umask says.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace merlon::storage {

// Makes the file when absent, mode 0600, in a directory made with mode 0700; takes the permissions
// of group and others from a file that is there. To be called before SQLite opens the file: SQLite
// gives its journal the mode of the file. Fails with "storage.unavailable", naming the path.
Result<> make_private_file(const std::filesystem::path& path);

}  // namespace merlon::storage
