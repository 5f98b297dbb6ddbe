// Makes the adapter that the settings name: SQLite or PostgreSQL.
#include "storage/open/open_database.h"

#include "storage/postgres/postgres_database.h"
#include "storage/sqlite/sqlite_database.h"

namespace merlon::storage {

Result<std::unique_ptr<Database>> open_database(const DatabaseSettings& settings,
                                                const Clock& clock, Entropy& entropy) {
    using Postgres = std::shared_ptr<const PostgresSettings>;
    if (const auto* postgres = std::get_if<Postgres>(&settings)) {
        return MERLON_TRY(PostgresDatabase::open(*postgres, clock, entropy));
    }
    return MERLON_TRY(SqliteDatabase::open(std::get<SqliteSettings>(settings).path));
}

}  // namespace merlon::storage
