// The people who have a key, and whose account was not stored yet when the key was made. Two stores
// have no transaction in common: a key that is destroyed because its account seemed to have failed
// may be a living person's, and one that nobody looks for again stays for ever. So each is noted
// here until somebody has seen that its account is there, or that it never came.
#pragma once

#include <string>
#include <vector>

#include "storage/database.h"

namespace merlon::sealing::pending_people {

struct Pending {
    std::string person;
    std::int64_t created_at;  // milliseconds since 1970
};

// Anew, for somebody who is noted already: whose account was not stored, and may be now.
Task<> insert(storage::Transaction* transaction, std::string person, std::int64_t now);
// Whether they were still noted as that, and are no more.
Task<bool> take(storage::Transaction* transaction, Pending pending);
Task<> forget(storage::Transaction* transaction, std::string person);
// At most `limit` after a person (empty: from the first), in the order of identifiers.
Task<std::vector<Pending>> list(storage::Database* database, std::string after, std::int64_t limit);
Task<> forget_all(storage::Database* database, std::vector<std::string> people);

}  // namespace merlon::sealing::pending_people
