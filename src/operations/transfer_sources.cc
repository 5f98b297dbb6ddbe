// Opening the sources of a transfer, and leaving out what is not there. Read open_sources() first.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/wait.h"
#include "operations/transfer_move.h"
#include "storage/open/open_database.h"
#include "storage/open/open_snapshot.h"
#include "storage/outbox.h"

namespace merlon::operations {

using storage::MigrationState;

namespace {

std::unexpected<Error> wrong_source(std::string detail) {
    return fail(Kind::Conflict, "copy.source", std::move(detail));
}

Task<bool> has_events(storage::Database* source) {
    const auto rows = MERLON_CO_TRY(co_await source->query("SELECT 1 FROM event_outbox LIMIT 1"));
    co_return !rows.empty();
}

}  // namespace

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

}  // namespace merlon::operations
