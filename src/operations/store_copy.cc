// merlon store copy. Read copy_store() first.
#include "operations/store_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/wait.h"
#include "installation/store_lock.h"
#include "operations/progress.h"
#include "sealing/key_store.h"
#include "storage/copy/table_names.h"
#include "storage/open/open_database.h"
#include "storage/outbox.h"

namespace merlon::operations {
namespace {

using storage::DatabaseSettings;
using storage::MigrationState;
using storage::Place;

// The databases go last: statements are known to them by address.
// What the databases borrow.
struct Outside {
    SystemClock clock;
    SystemEntropy entropy;
};

struct Move : StoreMove {
    std::vector<CopiedTable> tables;
    std::vector<std::unique_ptr<storage::TableStatements>> plans;
    std::unique_ptr<storage::Database> source;
    std::unique_ptr<storage::Database> target;
    bool has_rows = false;  // the target, and nobody says that they are on their way

    Place here() const { return {source.get(), storage::is_postgres(from)}; }
    Place there() const { return {target.get(), storage::is_postgres(to)}; }
};

// Of every folder in which a server could be at work on one of the files.
Result<std::vector<std::unique_ptr<installation::StoreLock>>> lock_all(
    const config::Settings& settings, const std::vector<Move>& moves) {
    std::vector<std::filesystem::path> folders{std::filesystem::absolute(settings.store.folder)};
    for (const Move& move : moves) {
        for (const DatabaseSettings* side : {&move.from, &move.to}) {
            const auto* sqlite = std::get_if<storage::SqliteSettings>(side);
            if (sqlite == nullptr) continue;
            folders.push_back(std::filesystem::absolute(sqlite->path).parent_path());
        }
    }
    for (auto& folder : folders) folder = std::filesystem::weakly_canonical(folder);
    std::ranges::sort(folders);
    const auto doubles = std::ranges::unique(folders);
    folders.erase(doubles.begin(), doubles.end());
    std::vector<std::unique_ptr<installation::StoreLock>> locks;
    for (const auto& folder : folders) {
        config::Settings there;
        there.store.folder = folder.string();
        locks.push_back(MERLON_TRY(installation::StoreLock::take(there)));
    }
    return locks;
}

std::unexpected<Error> wrong_source(std::string detail) {
    return fail(Kind::Conflict, "copy.source", std::move(detail));
}

// Its tables are this release's, or were never made: of a role that was always disabled.
Result<> open_source(Move& move, Outside& outside) {
    const auto* sqlite = std::get_if<storage::SqliteSettings>(&move.from);
    std::error_code ignored;
    if (sqlite != nullptr && !std::filesystem::exists(sqlite->path, ignored)) {
        return wrong_source(sqlite->path + " is not there");
    }
    move.source = MERLON_TRY(storage::open_database(move.from, outside.clock, outside.entropy));
    std::vector<installation::OwnedTables> there;
    for (const installation::OwnedTables& part : move.parts) {
        const auto reports =
            MERLON_TRY(wait(storage::report_migrations(*move.source, part.role, part.migrations)));
        const auto is = [&](MigrationState state) {
            return [state](const auto& report) { return report.state == state; };
        };
        if (std::ranges::all_of(reports, is(MigrationState::Pending))) continue;
        if (!std::ranges::all_of(reports, is(MigrationState::Applied))) {
            return wrong_source(
                fmt::format("the tables of {} in {} are not those of this release: "
                            "run its merlon migrate up there first",
                            part.role, name_of(move.from)));
        }
        there.push_back(part);
    }
    move.parts = std::move(there);
    return {};
}

// Of roles that were always disabled there is nothing to move, but something has to be in each
// source.
Result<> open_sources(std::vector<Move>& moves, Outside& outside) {
    for (Move& move : moves) MERLON_TRY(open_source(move, outside));
    for (const Move& move : moves) {
        const bool has_tables = std::ranges::any_of(moves, [&](const Move& other) {
            return !other.parts.empty() && storage::is_same_database(other.from, move.from);
        });
        if (!has_tables) return wrong_source(name_of(move.from) + " has no tables of ours");
    }
    std::erase_if(moves, [](const Move& move) { return move.parts.empty(); });
    return {};
}

Task<bool> has_events(storage::Database* source) {
    const auto rows = MERLON_CO_TRY(co_await source->query("SELECT 1 FROM event_outbox LIMIT 1"));
    co_return !rows.empty();
}

// Each database numbers its events: those of several are not put into one.
Result<> choose_outboxes(std::vector<Move>& moves) {
    std::vector<const Move*> chosen;
    for (Move& move : moves) {
        const auto outbox =
            std::ranges::find(move.parts, storage::outbox_role, &installation::OwnedTables::role);
        if (outbox == move.parts.end()) continue;
        if (!MERLON_TRY(wait(has_events(move.source.get())))) {
            move.parts.erase(outbox);
            continue;
        }
        for (const Move* other : chosen) {
            if (!storage::is_same_database(other->to, move.to)) continue;
            return fail(Kind::Conflict, "copy.events",
                        fmt::format("{} and {} have events, and {} would have both under the same "
                                    "numbers",
                                    name_of(other->from), name_of(move.from), name_of(move.to)));
        }
        chosen.push_back(&move);
    }
    std::erase_if(moves, [](const Move& move) { return move.parts.empty(); });
    return {};
}

// Whose copy is under way in the target; empty: nobody's.
Task<std::string> find_marker(storage::Database* database) {
    const auto rows = co_await database->query(
        "SELECT name FROM schema_migrations WHERE number = $1", {storage::copy_marker});
    if (!rows && rows.error().rule == storage::schema_rule) co_return std::string();
    if (!rows) co_return std::unexpected(rows.error());
    co_return rows->empty() ? std::string() : (*rows)[0].text(0);
}

// For each part, since a server would begin with any of them.
Task<> set_markers(storage::Transaction& transaction, std::vector<std::string> roles,
                   std::string source) {
    for (std::string& role : roles) {
        MERLON_CO_TRY(co_await transaction.query(
            "INSERT INTO schema_migrations (role, number, name, checksum, compatible, applied_at) "
            "VALUES ($1, $2, $3, '', 0, 0) ON CONFLICT (role, number) DO NOTHING",
            {std::move(role), storage::copy_marker, source}));
    }
    co_return Result<>{};
}

Task<> take_markers_away(storage::Transaction& transaction) {
    MERLON_CO_TRY(co_await transaction.query("DELETE FROM schema_migrations WHERE number = $1",
                                             {storage::copy_marker}));
    co_return Result<>{};
}

Result<> plan(Move& move) {
    for (const installation::OwnedTables& part : move.parts) {
        for (std::string& name : storage::table_names(part.migrations)) {
            move.plans.push_back(
                MERLON_TRY(wait(storage::plan_copy(move.here(), move.there(), name))));
            move.tables.push_back({std::string(part.role), std::move(name), {}});
        }
    }
    return {};
}

Result<bool> is_empty(const Move& move) {
    for (const auto& statements : move.plans) {
        const auto rows = MERLON_TRY(wait(move.target->query(statements->last_key())));
        if (!rows.empty()) return false;
    }
    return true;
}

// Of a database that roles write to, the outbox, too.
Result<> make_tables(const Move& move) {
    const SystemClock clock;
    for (const installation::OwnedTables& part : move.parts) {
        MERLON_TRY(wait(storage::migrate(*move.target, clock, part.role, part.migrations)));
    }
    if (move.parts.front().role == sealing::keys_role) return {};
    return wait(
        storage::migrate(*move.target, clock, storage::outbox_role, storage::outbox_migrations()));
}

// What is in the target: nothing, a part that an earlier run of this very copy brought, or rows
// that nobody says are on their way.
enum class Found : std::uint8_t { Nothing, Part, Rows };

// The tables, by the normal migrations; then the markers, unless it is not ours to fill. The keys'
// marker comes first, since a server that starts in between opens and fills their database first;
// the last one comes before the first row.
Result<Found> open_targets(std::vector<Move>& moves, const std::string& source, Outside& outside) {
    std::string marker;
    bool is_marked = false;
    for (Move& move : moves) {
        move.target = MERLON_TRY(storage::open_database(move.to, outside.clock, outside.entropy));
        marker = MERLON_TRY(wait(find_marker(move.target.get())));
        if (!marker.empty() && marker != source) {
            return fail(Kind::Conflict, "copy.not_empty",
                        "a copy from " + marker + " into it has not come to its end");
        }
        is_marked = is_marked || !marker.empty();
    }
    Found found = marker.empty() ? Found::Nothing : Found::Part;
    for (Move& move : moves) {
        if (!is_marked) MERLON_TRY(make_tables(move));  // else before the first marker
        MERLON_TRY(plan(move));
        move.has_rows = found != Found::Part && !MERLON_TRY(is_empty(move));
    }
    if (std::ranges::any_of(moves, &Move::has_rows)) found = Found::Rows;
    if (found == Found::Rows) return found;
    for (const Move& move : moves) {
        std::vector<std::string> roles;
        for (const installation::OwnedTables& part : move.parts) roles.emplace_back(part.role);
        MERLON_TRY(
            wait(move.target->transact_work([roles, source](storage::Transaction& transaction) {
                return set_markers(transaction, roles, source);
            })));
    }
    return found;
}

Result<std::size_t> batches_of(const std::vector<Move>& moves) {
    std::size_t batches = 0;
    for (const Move& move : moves) {
        for (const auto& statements : move.plans) {
            const auto rows = MERLON_TRY(wait(move.source->query(statements->count())));
            batches += static_cast<std::size_t>(rows[0].integer(0) /
                                                storage::TableStatements::batch_rows) +
                       1;
        }
    }
    return batches;
}

Result<> copy_rows(const std::vector<Move>& moves) {
    Progress progress("copying, in batches", MERLON_TRY(batches_of(moves)));
    for (const Move& move : moves) {
        for (const auto& statements : move.plans) {
            MERLON_TRY(wait(storage::copy_table(move.here(), move.there(), statements.get(),
                                                [&progress] { progress.step(); })));
        }
    }
    return {};
}

Result<std::vector<CopiedTable>> compare(std::vector<Move>& moves) {
    std::size_t count = 0;
    for (const Move& move : moves) count += move.plans.size();
    Progress progress("comparing tables", count);
    std::vector<CopiedTable> copied;
    for (Move& move : moves) {
        for (std::size_t i = 0; i < move.plans.size(); ++i) {
            const auto* statements = move.plans[i].get();
            const auto before = MERLON_TRY(wait(storage::sum_table(move.here(), statements)));
            move.tables[i].sum = MERLON_TRY(wait(storage::sum_table(move.there(), statements)));
            if (move.tables[i].sum != before) {
                return fail(Kind::Conflict, copy_differs_rule,
                            fmt::format("{} is not the same in both: something wrote meanwhile. "
                                        "Stop it, empty the target and begin again",
                                        move.tables[i].name));
            }
            copied.push_back(move.tables[i]);
            progress.step();
        }
    }
    return copied;
}

}  // namespace

Result<std::vector<CopiedTable>> copy_store(const config::Settings& settings,
                                            const CopyOrder& order) {
    Outside outside;
    std::vector<Move> moves;
    for (StoreMove& move : MERLON_TRY(store_moves(settings, order))) {
        moves.push_back({std::move(move)});
    }
    const auto locks = MERLON_TRY(lock_all(settings, moves));
    MERLON_TRY(open_sources(moves, outside));
    MERLON_TRY(choose_outboxes(moves));
    if (MERLON_TRY(open_targets(moves, name_of(moves.back().from), outside)) == Found::Rows) {
        // Perhaps this very copy came to its end, and was killed before it could say so.
        auto copied = compare(moves);
        if (copied || copied.error().rule != copy_differs_rule) return copied;
        return fail(Kind::Conflict, "copy.not_empty",
                    name_of(std::ranges::find_if(moves, &Move::has_rows)->to) +
                        " has rows: copy into an empty store");
    }
    MERLON_TRY(copy_rows(moves));
    std::vector<CopiedTable> copied = MERLON_TRY(compare(moves));
    // After the last of them a server starts on it.
    for (const Move& move : moves) {
        MERLON_TRY(wait(move.target->transact_work(take_markers_away)));
    }
    return copied;
}

}  // namespace merlon::operations
