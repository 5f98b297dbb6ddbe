// One lock for each folder.
#include "operations/store_locks.h"

#include <algorithm>
#include <filesystem>

namespace merlon::operations {

Result<StoreLocks> lock_stores(const config::Settings& settings,
                               const std::vector<storage::DatabaseSettings>& databases) {
    std::vector<std::filesystem::path> folders{std::filesystem::absolute(settings.store.folder)};
    for (const storage::DatabaseSettings& database : databases) {
        const auto* sqlite = std::get_if<storage::SqliteSettings>(&database);
        if (sqlite == nullptr) continue;
        folders.push_back(std::filesystem::absolute(sqlite->path).parent_path());
    }
    for (auto& folder : folders) folder = std::filesystem::weakly_canonical(folder);
    std::ranges::sort(folders);
    const auto doubles = std::ranges::unique(folders);
    folders.erase(doubles.begin(), doubles.end());
    StoreLocks locks;
    for (const auto& folder : folders) {
        config::Settings there;
        there.store.folder = folder.string();
        locks.push_back(MERLON_TRY(installation::StoreLock::take(there)));
    }
    return locks;
}

}  // namespace merlon::operations
