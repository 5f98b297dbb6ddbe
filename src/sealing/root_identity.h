// Which key store this is and which master key opens it, told without either key: what ties the
// parts of a backup together.
#pragma once

#include <string>

#include "base/secret.h"
#include "storage/database.h"

namespace merlon::sealing {

// Both are 32 hexadecimal digits.
struct RootIdentity {
    std::string store;   // the same for as long as the root keys are, whatever wraps them
    std::string master;  // of the master key
};

// A MAC under it: nobody finds the key from it.
std::string master_key_id(const Secret& master);

// Opens the root keys; changes nothing, unlike KeyStore::open(). Errors: master_key_rule (Invalid),
// key_destroyed_rule (Absent: there are no root keys), and those of Database.
Task<RootIdentity> identify_root(storage::Database* database, const Secret* master);

}  // namespace merlon::sealing
