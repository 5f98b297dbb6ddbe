// What a copy of the store moves: which tables, from which database into which.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "installation/owned_tables.h"

namespace merlon::operations {

// The order moves nothing (Invalid).
inline constexpr std::string_view nothing_to_copy_rule = "copy.nothing";

// Urls, each of one database for all roles; an empty one is the configuration's, where roles may
// have databases of their own (store.roles).
struct CopyOrder {
    std::string from;
    std::string to;
    std::string keys_from;
    std::string keys_to;
};

// One side of a copy: where each role's tables are, and the keys.
struct StoreSide {
    storage::StoreSettings store;
    storage::DatabaseSettings keys;
};

// From one database into one other.
struct StoreMove {
    std::vector<installation::OwnedTables> parts;
    storage::DatabaseSettings from;
    storage::DatabaseSettings to;
    // Of roles that are disabled: perhaps none of them ever ran, and made its database.
    bool may_be_absent = false;
};

// Each pair of databases once, the keys first: data without keys is worth nothing, keys without
// data harm nobody. Parts that stay where they are in none. The outbox of a database goes with the
// first role there, once no role is there any more.
std::vector<StoreMove> moves_between(const StoreSide& from, const StoreSide& to);

// Marks those of the moves away from `from` whose source an installation has perhaps never made.
void allow_absent(const config::Settings& settings, const StoreSide& from,
                  std::vector<StoreMove>& moves);

// Those of an order. Errors: nothing_to_copy_rule, config::url_rule.
Result<std::vector<StoreMove>> store_moves(const config::Settings& settings,
                                           const CopyOrder& order);

}  // namespace merlon::operations
