// Decides what a copy moves: from an order to pairs of databases. Read moves_between() first.
#include "operations/store_moves.h"

#include <algorithm>

#include "config/database_url.h"
#include "sealing/key_store.h"
#include "storage/outbox.h"

namespace merlon::operations {
namespace {

using storage::DatabaseSettings;
using Postgres = std::shared_ptr<const storage::PostgresSettings>;

// A url that the configuration does not know has the password and the authority of the one that it
// does: they are never on a command line.
Result<DatabaseSettings> database_at(const std::string& url, const std::string& known_url,
                                     const DatabaseSettings& known) {
    if (url.empty() || url == known_url) return known;
    const auto* postgres = std::get_if<Postgres>(&known);
    if (url.starts_with("sqlite:") || postgres == nullptr) return config::parse_database(url);
    auto parsed = MERLON_TRY(config::parse_postgres(url, (*postgres)->tls_authorities));
    parsed.password = Secret(std::string((*postgres)->password.reveal()));
    return std::make_shared<const storage::PostgresSettings>(std::move(parsed));
}

Result<StoreSide> side_of(const config::Settings& settings, const std::string& url,
                          const std::string& keys_url) {
    const storage::StoreSettings& store = settings.store;
    const sealing::KeySettings& keys = settings.keys;
    StoreSide side{store, MERLON_TRY(database_at(keys_url, keys.url, keys.database))};
    if (url.empty()) return side;
    side.store.database = MERLON_TRY(database_at(url, store.url, store.database));
    side.store.roles.clear();
    return side;
}

void add(std::vector<StoreMove>& moves, const installation::OwnedTables& part,
         const DatabaseSettings& from, const DatabaseSettings& to) {
    if (storage::is_same_database(from, to)) return;
    const auto found = std::ranges::find_if(moves, [&](const StoreMove& move) {
        return storage::is_same_access(move.from, from) && storage::is_same_access(move.to, to);
    });
    if (found != moves.end()) return found->parts.push_back(part);
    moves.push_back({{part}, from, to});
}

// Whether a role writes events there after the copy: then those of before stay with them.
bool stays_in_use(const DatabaseSettings& database, const storage::StoreSettings& to) {
    return std::ranges::any_of(installation::roles_with_data({}), [&](std::string_view role) {
        return storage::is_same_database(to.database_of(role), database);
    });
}

}  // namespace

std::vector<StoreMove> moves_between(const StoreSide& from, const StoreSide& to) {
    const config::Settings everything;  // tables of a role stay when it is disabled
    const std::vector<installation::OwnedTables> parts = installation::owned_tables(everything);
    const auto part_of = [&](std::string_view role) {
        return std::ranges::find(parts, role, &installation::OwnedTables::role);
    };
    std::vector<StoreMove> moves;
    add(moves, *part_of(sealing::keys_role), from.keys, to.keys);
    std::vector<DatabaseSettings> seen;
    for (const std::string_view role : installation::roles_with_data(everything)) {
        const DatabaseSettings& here = from.store.database_of(role);
        const DatabaseSettings& there = to.store.database_of(role);
        const bool is_first = std::ranges::none_of(seen, [&](const DatabaseSettings& one) {
            return storage::is_same_database(one, here);
        });
        if (is_first) {
            seen.push_back(here);
            if (!stays_in_use(here, to.store))
                add(moves, *part_of(storage::outbox_role), here, there);
        }
        const auto part = part_of(role);
        if (part != parts.end()) add(moves, *part, here, there);
    }
    return moves;
}

void allow_absent(const config::Settings& settings, const StoreSide& from,
                  std::vector<StoreMove>& moves) {
    std::vector<DatabaseSettings> made{from.keys};
    for (const std::string_view role : installation::roles_with_data(settings)) {
        made.push_back(from.store.database_of(role));
    }
    for (StoreMove& move : moves) {
        move.may_be_absent = std::ranges::none_of(made, [&](const DatabaseSettings& one) {
            return storage::is_same_database(one, move.from);
        });
    }
}

Result<std::vector<StoreMove>> store_moves(const config::Settings& settings,
                                           const CopyOrder& order) {
    const StoreSide from = MERLON_TRY(side_of(settings, order.from, order.keys_from));
    std::vector<StoreMove> moves =
        moves_between(from, MERLON_TRY(side_of(settings, order.to, order.keys_to)));
    if (moves.empty()) {
        return fail(Kind::Invalid, nothing_to_copy_rule,
                    "from and to are the same: say one of them");
    }
    allow_absent(settings, from, moves);
    return moves;
}

}  // namespace merlon::operations
