// The steps of a transfer. Read store_copy.cc first.
#include "operations/store_transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/wait.h"
#include "operations/progress.h"
#include "sealing/key_store.h"
#include "storage/copy/table_names.h"
#include "storage/open/open_database.h"
#include "storage/open/open_snapshot.h"
#include "storage/outbox.h"

namespace merlon::operations {

using storage::DatabaseSettings;
using storage::MigrationState;
using storage::Place;

// What the databases borrow.
struct StoreTransfer::Outside {
    SystemClock clock;
    SystemEntropy entropy;
};

// The databases go last: statements are known to them by address.
struct StoreTransfer::Move : StoreMove {
    std::vector<CopiedTable> tables;
    std::vector<std::unique_ptr<storage::TableStatements>> plans;
    std::unique_ptr<storage::Database> source;
    std::unique_ptr<storage::Database> target;
    bool has_rows = false;  // the target, and nobody says that they are on their way

    Place here() const { return {source.get(), storage::is_postgres(from)}; }
    Place there() const { return {target.get(), storage::is_postgres(to)}; }
    std::vector<std::string> table_names() const;
    Result<> plan();
    Result<bool> is_empty() const;
    Result<> make_tables() const;
};

namespace {

std::unexpected<Error> wrong_source(std::string detail) {
    return fail(Kind::Conflict, "copy.source", std::move(detail));
}

Task<bool> has_events(storage::Database* source) {
    const auto rows = MERLON_CO_TRY(co_await source->query("SELECT 1 FROM event_outbox LIMIT 1"));
    co_return !rows.empty();
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

}  // namespace

Result<StoreLocks> lock_stores(const config::Settings& settings,
                               const std::vector<DatabaseSettings>& databases) {
    std::vector<std::filesystem::path> folders{std::filesystem::absolute(settings.store.folder)};
    for (const DatabaseSettings& database : databases) {
        const auto* sqlite = std::get_if<storage::SqliteSettings>(&database);
        if (sqlite == nullptr) continue;
        folders.push_back(std::filesystem::absolute(sqlite->path).parent_path());
    }
    for (auto& folder : folders) folder = std::filesystem::weakly_canonical(folder);
    std::ranges::sort(folders);
    const auto doubles = std::ranges::unique(folders);
    folders.erase(doubles.begin(), doubles.end());
    StoreLocks locks;
    for (const auto& folder : folders) {
        config::Settings there;
        there.store.folder = folder.string();
        locks.push_back(MERLON_TRY(installation::StoreLock::take(there)));
    }
    return locks;
}

StoreTransfer::StoreTransfer(std::vector<StoreMove> moves) : outside_(std::make_unique<Outside>()) {
    for (StoreMove& move : moves) moves_.push_back({std::move(move)});
}
StoreTransfer::~StoreTransfer() = default;

Result<> StoreTransfer::require_files() {
    const auto is_missing = [](const Move& move) {
        const auto* sqlite = std::get_if<storage::SqliteSettings>(&move.from);
        std::error_code ignored;
        return sqlite != nullptr && !std::filesystem::exists(sqlite->path, ignored);
    };
    std::erase_if(moves_, [&](const Move& move) { return move.may_be_absent && is_missing(move); });
    const auto missing = std::ranges::find_if(moves_, is_missing);
    if (missing == moves_.end()) return {};
    return wrong_source(
        fmt::format("{} is not there, and the tables of {} have to be in it: the first start of "
                    "merlon serve makes it. Where it was lost, put its copy back",
                    name_of(missing->from), missing->parts.back().role));
}

Result<> StoreTransfer::open_each(Reading reading) {
    MERLON_TRY(require_files());
    if (reading == Reading::Snapshot) {
        std::vector<storage::SnapshotSource> databases;
        for (const Move& move : moves_) databases.push_back({move.from, move.table_names()});
        auto sources = MERLON_TRY(storage::open_snapshots(databases, outside_->clock));
        for (std::size_t i = 0; i < moves_.size(); ++i) moves_[i].source = std::move(sources[i]);
        return {};
    }
    for (Move& move : moves_) {
        move.source =
            reading == Reading::Files
                ? MERLON_TRY(storage::open_snapshot(move.from, outside_->clock))
                : MERLON_TRY(storage::open_database(move.from, outside_->clock, outside_->entropy));
    }
    return {};
}

// Its tables are this release's, or were never made: of a role that was always disabled.
Result<> StoreTransfer::keep_own_parts(Move& move) {
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
Result<> StoreTransfer::open_sources(Reading reading) {
    MERLON_TRY(open_each(reading));
    for (Move& move : moves_) MERLON_TRY(keep_own_parts(move));
    for (const Move& move : moves_) {
        const bool has_tables = std::ranges::any_of(moves_, [&](const Move& other) {
            return !other.parts.empty() && storage::is_same_database(other.from, move.from);
        });
        if (has_tables || move.may_be_absent) continue;
        return wrong_source(name_of(move.from) + " has no tables of ours");
    }
    std::erase_if(moves_, [](const Move& move) { return move.parts.empty(); });
    return choose_outboxes();
}

// Each database numbers its events: those of several are not put into one.
Result<> StoreTransfer::choose_outboxes() {
    std::vector<const Move*> chosen;
    for (Move& move : moves_) {
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
    std::erase_if(moves_, [](const Move& move) { return move.parts.empty(); });
    return {};
}

std::vector<StoreMove> StoreTransfer::moves() const { return {moves_.begin(), moves_.end()}; }

storage::Database& StoreTransfer::source() { return *moves_.front().source; }

std::vector<std::string> StoreTransfer::Move::table_names() const {
    std::vector<std::string> names;
    for (const installation::OwnedTables& part : parts) {
        std::ranges::move(storage::table_names(part.migrations), std::back_inserter(names));
    }
    return names;
}

Result<> StoreTransfer::Move::plan() {
    for (const installation::OwnedTables& part : parts) {
        for (std::string& name : storage::table_names(part.migrations)) {
            plans.push_back(MERLON_TRY(wait(storage::plan_copy(here(), there(), name))));
            tables.push_back({std::string(part.role), std::move(name), {}});
        }
    }
    return {};
}

Result<bool> StoreTransfer::Move::is_empty() const {
    for (const auto& statements : plans) {
        const auto rows = MERLON_TRY(wait(target->query(statements->last_key())));
        if (!rows.empty()) return false;
    }
    return true;
}

// Of a database that roles write to, the outbox, too.
Result<> StoreTransfer::Move::make_tables() const {
    const SystemClock clock;
    for (const installation::OwnedTables& part : parts) {
        MERLON_TRY(wait(storage::migrate(*target, clock, part.role, part.migrations)));
    }
    if (parts.front().role == sealing::keys_role) return {};
    return wait(
        storage::migrate(*target, clock, storage::outbox_role, storage::outbox_migrations()));
}

// The tables, by the normal migrations; then the markers, unless it is not ours to fill. The keys'
// marker comes first, since a server that starts in between opens and fills their database first;
// the last one comes before the first row.
Result<Found> StoreTransfer::open_targets(const std::string& name) {
    std::string marker;
    bool is_marked = false;
    for (Move& move : moves_) {
        move.target =
            MERLON_TRY(storage::open_database(move.to, outside_->clock, outside_->entropy));
        marker = MERLON_TRY(wait(find_marker(move.target.get())));
        if (!marker.empty() && marker != name) {
            return fail(Kind::Conflict, not_empty_rule,
                        "a copy from " + marker + " into it has not come to its end");
        }
        is_marked = is_marked || !marker.empty();
    }
    Found found = marker.empty() ? Found::Nothing : Found::Part;
    for (Move& move : moves_) {
        if (!is_marked) MERLON_TRY(move.make_tables());  // else before the first marker
        MERLON_TRY(move.plan());
        move.has_rows = found != Found::Part && !MERLON_TRY(move.is_empty());
    }
    if (std::ranges::any_of(moves_, &Move::has_rows)) found = Found::Rows;
    if (found == Found::Rows) return found;
    for (const Move& move : moves_) {
        std::vector<std::string> roles;
        for (const installation::OwnedTables& part : move.parts) roles.emplace_back(part.role);
        MERLON_TRY(
            wait(move.target->transact_work([roles, name](storage::Transaction& transaction) {
                return set_markers(transaction, roles, name);
            })));
    }
    return found;
}

const DatabaseSettings& StoreTransfer::full_target() const {
    return std::ranges::find_if(moves_, &Move::has_rows)->to;
}

Result<> StoreTransfer::copy_rows() {
    std::size_t batches = 0;
    for (const Move& move : moves_) {
        for (const auto& statements : move.plans) {
            const auto rows = MERLON_TRY(wait(move.source->query(statements->count())));
            batches += static_cast<std::size_t>(rows[0].integer(0) /
                                                storage::TableStatements::batch_rows) +
                       1;
        }
    }
    Progress progress("copying, in batches", batches);
    for (const Move& move : moves_) {
        for (const auto& statements : move.plans) {
            MERLON_TRY(wait(storage::copy_table(move.here(), move.there(), statements.get(),
                                                [&progress] { progress.step(); })));
        }
    }
    return {};
}

Result<std::vector<CopiedTable>> StoreTransfer::compare() {
    std::size_t count = 0;
    for (const Move& move : moves_) count += move.plans.size();
    Progress progress("comparing tables", count);
    std::vector<CopiedTable> copied;
    for (Move& move : moves_) {
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

Result<> StoreTransfer::release() {
    for (const Move& move : moves_) {
        MERLON_TRY(wait(move.target->transact_work(take_markers_away)));
    }
    return {};
}

}  // namespace merlon::operations
