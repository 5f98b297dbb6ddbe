// A SQLite database as one file that can be read where nobody may write: a copy to be kept.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace merlon::storage {

// Folds the journal into the file and gives it up; all of it lasts from then on. Nobody has it
// open. Error: "storage.unavailable".
Result<> make_single_file(const std::filesystem::path& path);

}  // namespace merlon::storage
