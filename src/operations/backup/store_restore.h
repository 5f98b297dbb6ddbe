// merlon store restore: a copy of the data and one of the keys into an empty store.
#pragma once

#include "config/settings.h"
#include "operations/backup/pair.h"
#include "operations/backup/place.h"

namespace merlon::operations {

struct Restored {
    Copy data;
    Copy keys;
    MissingKeys without_key;  // whose data nobody can read
};

// Checks both copies and that they belong together, then copies them into the databases of the
// configuration, whatever those are, and compares what is there with the manifests. The copies stay
// as they are. One that was killed is gone on with by the same order; until it has come to its end,
// no server starts on the store.
//
// Errors: those of read_copy(), require_pair(), find_master_key(), identify_root(),
// lock_stores() and StoreTransfer; sealing::master_key_rule (another master key);
// not_empty_rule (the store has other rows).
Result<Restored> restore_store(const config::Settings& settings, const Places& places,
                               OlderKeys older);

}  // namespace merlon::operations
