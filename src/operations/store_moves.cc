// Decides what a copy moves: from an order to pairs of databases. Read store_moves() first.
#include "operations/store_moves.h"

#include <algorithm>
#include <optional>

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

// One side of a copy: where each role's tables are.
class Side {
public:
    static Result<Side> make(const storage::StoreSettings& store, const std::string& url) {
        Side side(store);
        if (!url.empty()) side.whole_ = MERLON_TRY(database_at(url, store.url, store.database));
        return side;
    }
    const DatabaseSettings& of(std::string_view role) const {
        return whole_ ? *whole_ : store_.database_of(role);
    }

private:
    explicit Side(const storage::StoreSettings& store) : store_(store) {}

    const storage::StoreSettings& store_;
    std::optional<DatabaseSettings> whole_;
};

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
bool stays_in_use(const DatabaseSettings& database, const Side& to) {
    return std::ranges::any_of(installation::roles_with_data({}), [&](std::string_view role) {
        return storage::is_same_database(to.of(role), database);
    });
}

}  // namespace

Result<std::vector<StoreMove>> store_moves(const config::Settings& settings,
                                           const CopyOrder& order) {
    const Side from = MERLON_TRY(Side::make(settings.store, order.from));
    const Side to = MERLON_TRY(Side::make(settings.store, order.to));
    const auto& keys = settings.keys;
    const auto keys_from = MERLON_TRY(database_at(order.keys_from, keys.url, keys.database));
    const auto keys_to = MERLON_TRY(database_at(order.keys_to, keys.url, keys.database));

    const config::Settings everything;  // tables of a role stay when it is disabled
    const std::vector<installation::OwnedTables> parts = installation::owned_tables(everything);
    const auto part_of = [&](std::string_view role) {
        return std::ranges::find(parts, role, &installation::OwnedTables::role);
    };
    std::vector<StoreMove> moves;
    add(moves, *part_of(sealing::keys_role), keys_from, keys_to);
    std::vector<DatabaseSettings> seen;
    for (const std::string_view role : installation::roles_with_data(everything)) {
        const bool is_first = std::ranges::none_of(seen, [&](const DatabaseSettings& one) {
            return storage::is_same_database(one, from.of(role));
        });
        if (is_first) {
            seen.push_back(from.of(role));
            if (!stays_in_use(from.of(role), to))
                add(moves, *part_of(storage::outbox_role), from.of(role), to.of(role));
        }
        const auto part = part_of(role);
        if (part != parts.end()) add(moves, *part, from.of(role), to.of(role));
    }
    if (moves.empty()) {
        return fail(Kind::Invalid, nothing_to_copy_rule,
                    "from and to are the same: say one of them");
    }
    return moves;
}

}  // namespace merlon::operations
