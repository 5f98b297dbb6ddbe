// The steps of a transfer once its sources are open. Read store_copy.cc first.
#include <fmt/format.h>

#include <algorithm>

#include "base/wait.h"
#include "operations/progress.h"
#include "operations/transfer_move.h"
#include "storage/open/open_database.h"

namespace merlon::operations {

namespace {

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

StoreTransfer::StoreTransfer(std::vector<StoreMove> moves) : outside_(std::make_unique<Outside>()) {
    for (StoreMove& move : moves) moves_.push_back({std::move(move)});
}
StoreTransfer::~StoreTransfer() = default;

std::vector<StoreMove> StoreTransfer::moves() const { return {moves_.begin(), moves_.end()}; }

storage::Database& StoreTransfer::source() { return *moves_.front().source; }

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

const storage::DatabaseSettings& StoreTransfer::full_target() const {
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
