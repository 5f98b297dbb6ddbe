// The folder of a copy: its manifest, and its files as the manifest says they are.
#pragma once

#include <filesystem>

#include "base/entropy.h"
#include "operations/backup/manifest.h"

namespace merlon::operations {

// Writes it into the copy's folder. Errors: those of create_whole_file().
Result<> write_manifest(const std::filesystem::path& folder, const Manifest& manifest,
                        Entropy& entropy);

// The manifest of a copy, each of whose files is what the manifest says. Errors: damaged_rule, also
// when the folder is the other part's; "backup.absent" (Absent).
Result<Manifest> read_copy(const std::filesystem::path& folder, Part part);

}  // namespace merlon::operations
