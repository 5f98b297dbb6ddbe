// merlon store backup: a copy of the data, then one of the keys, while the server runs.
#pragma once

#include "config/settings.h"
#include "operations/backup/manifest.h"
#include "operations/backup/people.h"
#include "operations/backup/place.h"

namespace merlon::operations {

struct Backup {
    Manifest data;
    Manifest keys;
    std::string data_folder;  // of this copy, in its place
    std::string keys_folder;
    MissingKeys without_key;  // whose data nobody can read: keys that were destroyed
};

// Takes one snapshot of every database of the data, and copies it; then the same of the keys. Data
// first: whoever is in it had a key before, and the keys that are copied later have that key, too,
// unless it was destroyed meanwhile, as it should be then. The other way round, whoever came in
// between would be in the data and have no key.
//
// Both copies have their names only when both are whole and were compared with their sources, the
// keys' first. Errors: places_rule, busy_rule, those of StoreTransfer, find_master_key(),
// identify_root() and of writing files.
Result<Backup> back_up_store(const config::Settings& settings, const Places& places);

}  // namespace merlon::operations
