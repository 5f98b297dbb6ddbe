// Makes the snapshots that the settings ask for.
#include "storage/open/open_snapshot.h"

#include <algorithm>
#include <iterator>

#include "storage/postgres/postgres_session.h"
#include "storage/sqlite/sqlite_snapshot.h"

namespace merlon::storage {
namespace {

using Postgres = std::shared_ptr<const PostgresSettings>;
// For as long as it lives nobody writes to a database.
using WritePause = std::variant<std::unique_ptr<SqlitePause>, std::unique_ptr<PostgresSession>>;

Result<WritePause> pause_writes(const SnapshotSource& source, const Clock& clock) {
    if (const auto* postgres = std::get_if<Postgres>(&source.database)) {
        return MERLON_TRY(pause_postgres(*postgres, source.tables, clock));
    }
    return MERLON_TRY(SqlitePause::begin(std::get<SqliteSettings>(source.database).path));
}

// Each database once: SQLite's would wait for itself. PostgreSQL's users may each lock their own
// tables only.
std::vector<SnapshotSource> to_pause(std::span<const SnapshotSource> sources) {
    std::vector<SnapshotSource> paused;
    for (const SnapshotSource& source : sources) {
        const auto found = std::ranges::find_if(paused, [&](const SnapshotSource& other) {
            return is_same_access(other.database, source.database);
        });
        if (found == paused.end()) {
            paused.push_back(source);
        } else {
            std::ranges::copy(source.tables, std::back_inserter(found->tables));
        }
    }
    return paused;
}

}  // namespace

Result<std::unique_ptr<Database>> open_snapshot(const DatabaseSettings& settings,
                                                const Clock& clock) {
    if (const auto* postgres = std::get_if<Postgres>(&settings)) {
        return MERLON_TRY(PostgresSnapshot::open(*postgres, clock));
    }
    return MERLON_TRY(SqliteSnapshot::open(std::get<SqliteSettings>(settings).path));
}

Result<std::vector<std::unique_ptr<Database>>> open_snapshots(
    std::span<const SnapshotSource> sources, const Clock& clock) {
    std::vector<WritePause> pauses;
    if (sources.size() > 1) {
        for (const SnapshotSource& one : to_pause(sources)) {
            pauses.push_back(MERLON_TRY(pause_writes(one, clock)));
        }
    }
    std::vector<std::unique_ptr<Database>> snapshots;
    for (const SnapshotSource& one : sources) {
        snapshots.push_back(MERLON_TRY(open_snapshot(one.database, clock)));
    }
    return snapshots;
}

}  // namespace merlon::storage
