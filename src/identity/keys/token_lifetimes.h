// Remembers the lifetimes that access tokens were issued with. A revocation has to be kept until
// the last token it is about has expired, also when a restart or a reload made tokens.access_ttl
// shorter: somebody who was signed out would be signed in again otherwise.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "storage/database.h"

namespace merlon::identity {

// From now on tokens live `access_ttl`. Gives the longest lifetime of any that may exist. Errors:
// those of Database.
Task<std::chrono::seconds> remember_access_ttl(storage::Database& database, WallTime now,
                                               std::chrono::seconds access_ttl);
// The longest lifetime of any that may exist, whichever process issued it. Errors: those of
// Database.
Task<std::chrono::seconds> longest_access_ttl(storage::Database& database, WallTime now);

}  // namespace merlon::identity
