// The locks of all stores that a transfer reads or fills while nobody may be served from them.
#pragma once

#include <memory>
#include <vector>

#include "installation/store_lock.h"

namespace merlon::operations {

using StoreLocks = std::vector<std::unique_ptr<installation::StoreLock>>;

// Locks the store's folder and every one in which a server could be at work on one of the files.
// Error: "store.in_use" (Conflict).
Result<StoreLocks> lock_stores(const config::Settings& settings,
                               const std::vector<storage::DatabaseSettings>& databases);

}  // namespace merlon::operations
