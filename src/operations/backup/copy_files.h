// From an installation's databases to files in a folder, and back: where each role's tables are.
#pragma once

#include <filesystem>

#include "operations/backup/manifest.h"
#include "operations/store_moves.h"

namespace merlon::operations {

// A file for each database of the data in `data`, and keys.db in `keys`.
StoreSide files_for(const storage::StoreSettings& store, const std::filesystem::path& data,
                    const std::filesystem::path& keys);

// Those that the manifests name.
StoreSide files_of(const Manifest& data, const std::filesystem::path& data_folder,
                   const Manifest& keys, const std::filesystem::path& keys_folder);

// The database as a copy's file, read as it is. Error: those of SqliteSnapshot::open.
Result<std::unique_ptr<storage::Database>> open_file_of(const Manifest& manifest,
                                                        const std::filesystem::path& folder,
                                                        std::string_view role);

}  // namespace merlon::operations
