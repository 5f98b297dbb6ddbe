// Makes the snapshots that the settings ask for.
#include "storage/open/open_snapshot.h"

#include <algorithm>

#include "storage/postgres/postgres_session.h"
#include "storage/sqlite/sqlite_snapshot.h"

namespace merlon::storage {
namespace {

using Postgres = std::shared_ptr<const PostgresSettings>;
// For as long as it lives nobody writes to a database.
using WritePause = std::variant<std::unique_ptr<SqlitePause>, std::unique_ptr<PostgresSession>>;

Result<WritePause> pause_writes(const DatabaseSettings& settings, const Clock& clock) {
    if (const auto* postgres = std::get_if<Postgres>(&settings)) {
        return MERLON_TRY(pause_postgres(*postgres, clock));
    }
    return MERLON_TRY(SqlitePause::begin(std::get<SqliteSettings>(settings).path));
}

// SQLite's would wait for itself; PostgreSQL's users may each lock their own tables only.
bool has_pause(std::span<const DatabaseSettings> paused, const DatabaseSettings& one) {
    return std::ranges::any_of(
        paused, [&](const DatabaseSettings& other) { return is_same_access(other, one); });
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
    std::span<const DatabaseSettings> settings, const Clock& clock) {
    std::vector<WritePause> pauses;
    for (std::size_t i = 0; i < settings.size() && settings.size() > 1; ++i) {
        if (has_pause(settings.first(i), settings[i])) continue;
        pauses.push_back(MERLON_TRY(pause_writes(settings[i], clock)));
    }
    std::vector<std::unique_ptr<Database>> snapshots;
    for (const DatabaseSettings& one : settings) {
        snapshots.push_back(MERLON_TRY(open_snapshot(one, clock)));
    }
    return snapshots;
}

}  // namespace merlon::storage
