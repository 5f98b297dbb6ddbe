// The adapter that settings ask for.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/entropy.h"
#include "storage/database.h"
#include "storage/open/settings.h"

namespace merlon::storage {

// Borrows clock and entropy for the life of the database. Errors: those of SqliteDatabase::open and
// PostgresDatabase::open.
Result<std::unique_ptr<Database>> open_database(const DatabaseSettings& settings,
                                                const Clock& clock, Entropy& entropy);

}  // namespace merlon::storage
