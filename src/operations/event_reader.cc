// Opening the databases that have an outbox, one after the other.
#include "operations/event_reader.h"

#include <filesystem>

#include "base/wait.h"
#include "installation/owned_tables.h"
#include "operations/run_command.h"
#include "storage/open/open_database.h"

namespace merlon::operations {
namespace {

bool is_there(const storage::DatabaseSettings& database) {
    const auto* sqlite = std::get_if<storage::SqliteSettings>(&database);
    std::error_code ignored;
    return sqlite == nullptr || std::filesystem::exists(sqlite->path, ignored);
}

}  // namespace

Result<std::string> read_events(config::Settings settings, std::string command) {
    const SystemClock clock;
    SystemEntropy entropy;
    std::vector<std::unique_ptr<storage::Database>> databases;
    CommandTargets targets{nullptr, {}};
    for (const installation::OwnedTables& tables : installation::owned_tables(settings)) {
        if (tables.role != storage::outbox_role || !is_there(tables.database)) continue;
        auto database = MERLON_TRY(storage::open_database(tables.database, clock, entropy));
        const auto reports =
            MERLON_TRY(wait(storage::report_migrations(*database, tables.role, tables.migrations)));
        if (reports.front().state == storage::MigrationState::Pending) continue;
        targets.events.push_back(
            {std::string(installation::first_role_in(settings, tables.database)), database.get()});
        databases.push_back(std::move(database));
    }
    return wait(run_command(std::move(targets), Secret(std::move(command))));
}

}  // namespace merlon::operations
