// The tables of a role, made and changed by numbered scripts that are compiled in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/database.h"

namespace merlon::storage {

// Whether the release before the one that brings a migration can go on running on its schema.
// During a rolling upgrade it has to, so a Breaking one needs a stop of the whole fleet.
enum class Compatibility : std::uint8_t { Compatible, Breaking };

// Immutable once released: to change a table, add a migration.
struct Migration {
    std::int64_t number;  // 1, 2, 3, … without a gap
    std::string_view name;
    Sql script;
    Compatibility compatibility = Compatibility::Compatible;
};

// Makes schema_migrations, which says what has run, unless it is there.
Sql migrations_table();

// Brings the tables of `role` up to date: each script that is missing runs in a transaction of its
// own with its row in schema_migrations, so a crash leaves whole migrations only, and of two
// processes that start at once one runs it and the other finds it done.
//
// Migrations of a newer release that are Compatible are left alone: this is the older release in a
// rolling upgrade. Fails with "storage.schema_newer" (Conflict: a Breaking one is there),
// "storage.schema_changed" (Corrupt: a script differs from the one that ran), "storage.copying"
// (Conflict: copy_marker is there), and the errors of Database. `database`, `clock` and what
// `migrations` shows must outlive the task.
Task<> migrate(Database& database, const Clock& clock, std::string_view role,
               std::span<const Migration> migrations);

// The number of what is no migration: while a row with it is there, the tables are being filled by
// a copy of another store, whose name is the row's. It counts as a Breaking one, so that neither
// this nor any other release serves what is not whole.
inline constexpr std::int64_t copy_marker = 1'000'000;

// Changed: it was applied, but by another script than ours. Newer: a later release applied it.
enum class MigrationState : std::uint8_t { Applied, Pending, Changed, Newer };

struct MigrationReport {
    std::int64_t number;
    std::string name;
    MigrationState state;
    std::optional<WallTime> applied_at;  // unless it is pending
};

// What migrate() would find, in order; changes nothing. Errors: those of Database.
Task<std::vector<MigrationReport>> report_migrations(Database& database, std::string_view role,
                                                     std::span<const Migration> migrations);

}  // namespace merlon::storage
