// A store and its key store belong together. One that was lost or cut to nothing must not be taken
// for a first start: it would make a new admin and tell everybody else that they are unknown.
#pragma once

#include "identity/parts.h"

namespace merlon::identity {

// Before the tables are made. Errors: "store.lost" (Corrupt: people have keys but the store was
// never used), "keys.lost" (Corrupt: the other way round), and those of Database.
Task<> require_whole_store(Parts parts);

}  // namespace merlon::identity
