// Refuses to start on half a store. A store and its key store belong together: one that was lost or
// emptied must not be taken for a first start, which would make a new admin and tell everybody else
// that they are unknown.
#pragma once

#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::identity {

// People have keys, but the store was never used (Corrupt).
inline constexpr std::string_view store_lost_rule = "store.lost";
// The other way round (Corrupt).
inline constexpr std::string_view keys_lost_rule = "keys.lost";

// Call it before the tables are made. Borrows both for the task. Errors: store_lost_rule,
// keys_lost_rule, and those of Database.
Task<> require_whole_store(storage::Database* database, sealing::KeyStore* keys);

}  // namespace merlon::identity
