// Whose data could not be read if these two were put together.
#pragma once

#include <string>
#include <vector>

#include "storage/database.h"

namespace merlon::operations {

// People who have an account in the data and no key in the key store.
struct MissingKeys {
    std::int64_t accounts = 0;      // all that there are
    std::int64_t count = 0;         // those without a key
    std::vector<std::string> some;  // the first few of these
};

// Both stay as they are meanwhile. Errors: those of Database.
Task<MissingKeys> find_missing_keys(storage::Database* accounts, storage::Database* keys);

}  // namespace merlon::operations
