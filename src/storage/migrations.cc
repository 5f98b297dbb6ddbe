// Migrations through the Database port. Read migrate() first.
#include "storage/migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/siphash.h"

namespace merlon::storage {
namespace {

// Notices an edited script. It guards against mistakes, not against somebody who can write to the
// database, so the key may be public.
std::string checksum(Sql script) { return fmt::format("{:016x}", SipHash(0, 0)(script.text())); }

Task<> create_table(Transaction& transaction) {
    co_return co_await transaction.run_script(migrations_table());
}

Task<> refuse_newer(Database* database, std::string role, std::int64_t newest) {
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT number, name FROM schema_migrations "
        "WHERE role = $1 AND number > $2 AND compatible = 0 ORDER BY number LIMIT 1",
        {role, newest}));
    if (rows.empty()) co_return Result<>{};
    if (rows[0].integer(0) == copy_marker) {
        co_return fail(Kind::Conflict, "storage.copying",
                       fmt::format("the copy from {} into this store has not come to its end: "
                                   "finish it with merlon store copy",
                                   rows[0].text(1)));
    }
    co_return fail(
        Kind::Conflict, "storage.schema_newer",
        fmt::format("the tables of {} were changed by a newer release (migration {} {}): "
                    "start that release",
                    role, rows[0].integer(0), rows[0].text(1)));
}

// Looks, and runs what is missing: whoever comes second finds the row.
Task<> apply(Transaction& transaction, std::string role, Migration migration, WallTime now) {
    const Rows done = MERLON_CO_TRY(co_await transaction.query(
        "SELECT checksum FROM schema_migrations WHERE role = $1 AND number = $2",
        {role, migration.number}));
    const std::string sum = checksum(migration.script);
    if (!done.empty()) {
        if (done[0].text(0) == sum) co_return Result<>{};
        co_return fail(Kind::Corrupt, "storage.schema_changed",
                       fmt::format("migration {} {} of {} is not the one that made these tables",
                                   migration.number, migration.name, role));
    }
    MERLON_CO_TRY(co_await transaction.run_script(migration.script));
    const std::int64_t compatible = migration.compatibility == Compatibility::Compatible ? 1 : 0;
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO schema_migrations (role, number, name, checksum, compatible, applied_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {role, migration.number, std::string(migration.name), sum, compatible,
         std::int64_t{now.time_since_epoch().count()}}));
    co_return Result<>{};
}

// What has been applied for a role, in order; nothing where migrate() has never run.
Task<Rows> applied_rows(Database* database, std::string role) {
    auto rows = co_await database->query(
        "SELECT number, name, checksum, applied_at FROM schema_migrations WHERE role = $1 "
        "ORDER BY number",
        {std::move(role)});
    if (!rows && rows.error().rule == schema_rule) co_return Rows();
    co_return rows;
}

}  // namespace

Sql migrations_table() {
    return R"(
        CREATE TABLE IF NOT EXISTS schema_migrations (
            role TEXT NOT NULL,
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL,
            compatible INTEGER NOT NULL,
            applied_at INTEGER NOT NULL,  -- milliseconds since 1970
            PRIMARY KEY (role, number)
        ) STRICT)";
}

Task<> migrate(Database& database, const Clock& clock, std::string_view role,
               std::span<const Migration> migrations) {
    const std::string owner(role);
    const auto newest = static_cast<std::int64_t>(migrations.size());

    // At nearly every start there is nothing to do, and then nothing is written: who serves need
    // not be one who may change tables.
    const auto found = MERLON_CO_TRY(co_await report_migrations(database, role, migrations));
    const auto has = [&](MigrationState state) {
        return std::ranges::find(found, state, &MigrationReport::state) != found.end();
    };
    if (has(MigrationState::Newer)) {
        MERLON_CO_TRY(co_await refuse_newer(&database, owner, newest));
    }
    if (!has(MigrationState::Pending) && !has(MigrationState::Changed)) co_return Result<>{};

    MERLON_CO_TRY(co_await database.transact_alone(create_table));
    for (std::int64_t index = 0; index < newest; ++index) {
        const Migration& migration = migrations[static_cast<std::size_t>(index)];
        MERLON_ASSERT(migration.number == index + 1);
        MERLON_CO_TRY(co_await database.transact_alone(
            [owner, migration, now = clock.wall()](Transaction& transaction) {
                return apply(transaction, owner, migration, now);
            }));
    }
    co_return Result<>{};
}

Task<std::vector<MigrationReport>> report_migrations(Database& database, std::string_view role,
                                                     std::span<const Migration> migrations) {
    const Rows rows = MERLON_CO_TRY(co_await applied_rows(&database, std::string(role)));
    std::vector<MigrationReport> reports;
    for (const Migration& migration : migrations) {
        reports.push_back(
            {migration.number, std::string(migration.name), MigrationState::Pending, {}});
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::int64_t number = rows[i].integer(0);
        const WallTime applied_at{std::chrono::milliseconds{rows[i].integer(3)}};
        if (std::cmp_greater(number, migrations.size())) {
            reports.push_back({number, rows[i].text(1), MigrationState::Newer, applied_at});
            continue;
        }
        const auto index = static_cast<std::size_t>(number - 1);
        const bool is_ours = rows[i].text(2) == checksum(migrations[index].script);
        reports[index].state = is_ours ? MigrationState::Applied : MigrationState::Changed;
        reports[index].applied_at = applied_at;
    }
    co_return reports;
}

}  // namespace merlon::storage
