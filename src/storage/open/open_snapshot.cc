// Makes the snapshot that the settings ask for.
#include "storage/open/open_snapshot.h"

#include "storage/postgres/postgres_snapshot.h"
#include "storage/sqlite/sqlite_snapshot.h"

namespace merlon::storage {

Result<std::unique_ptr<Database>> open_snapshot(const DatabaseSettings& settings,
                                                const Clock& clock, Entropy&) {
    using Postgres = std::shared_ptr<const PostgresSettings>;
    if (const auto* postgres = std::get_if<Postgres>(&settings)) {
        return MERLON_TRY(PostgresSnapshot::open(*postgres, clock));
    }
    return MERLON_TRY(SqliteSnapshot::open(std::get<SqliteSettings>(settings).path));
}

}  // namespace merlon::storage
