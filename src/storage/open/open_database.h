// The adapter that settings ask for.
#pragma once

#include <memory>

#include "storage/database.h"
#include "storage/open/settings.h"

namespace merlon::storage {

// Errors: SqliteDatabase::open's or PostgresDatabase::open's.
Result<std::unique_ptr<Database>> open_database(const DatabaseSettings& settings);

}  // namespace merlon::storage
