// Refuses to start on half a store. A store and its key store belong together: one that was lost or
// emptied must not be taken for a first start, which would make a new admin and tell everybody else
// that they are unknown.
#pragma once

#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::identity {

// Call it before the tables are made. Borrows both for the task. Errors: "store.lost" (Corrupt:
// people have keys but the store was never used), "keys.lost" (Corrupt: the other way round), and
// those of Database.
Task<> require_whole_store(storage::Database* database, sealing::KeyStore* keys);

}  // namespace merlon::identity
