// Reads what migrations have run.
#include "installation/store_look.h"

#include <algorithm>
#include <filesystem>

#include "base/wait.h"
#include "identity/store/schema.h"
#include "installation/owned_tables.h"
#include "sealing/key_store.h"
#include "storage/open/open_snapshot.h"
#include "storage/outbox.h"

namespace merlon::installation {
namespace {

using storage::MigrationState;

// The state of each migration; of a file that is not there, all are pending.
Result<std::vector<MigrationState>> states_of(const OwnedTables& tables, const Clock& clock) {
    const auto* file = std::get_if<storage::SqliteSettings>(&tables.database);
    std::error_code ignored;
    if (file != nullptr && !std::filesystem::exists(file->path, ignored)) {
        return std::vector(tables.migrations.size(), MigrationState::Pending);
    }
    const auto database = MERLON_TRY(storage::open_snapshot(tables.database, clock));
    const auto reports =
        MERLON_TRY(wait(storage::report_migrations(*database, tables.role, tables.migrations)));
    std::vector<MigrationState> states;
    for (const storage::MigrationReport& report : reports) states.push_back(report.state);
    return states;
}

bool is_opened_by_commands(const config::Settings& settings, const OwnedTables& tables) {
    if (tables.role == identity::auth_role || tables.role == sealing::keys_role) return true;
    return tables.role == storage::outbox_role &&
           storage::is_same_database(tables.database,
                                     settings.store.database_of(identity::auth_role));
}

}  // namespace

Result<StoreState> look_at_store(const config::Settings& settings, const Clock& clock) {
    std::vector<MigrationState> all;
    for (const OwnedTables& tables : owned_tables(settings)) {
        if (!is_opened_by_commands(settings, tables)) continue;
        const auto states = MERLON_TRY(states_of(tables, clock));
        all.insert(all.end(), states.begin(), states.end());
    }
    const auto are_all = [&](MigrationState state) {
        return std::ranges::all_of(all, [&](MigrationState one) { return one == state; });
    };
    if (are_all(MigrationState::Pending)) return StoreState::Absent;
    if (are_all(MigrationState::Applied)) return StoreState::Whole;
    return fail(Kind::Conflict, "store.not_current",
                "the store has not all tables of this release, and nothing is changed here: merlon "
                "migrate up makes them");
}

}  // namespace merlon::installation
