// Reading the revocations table in the order of its transactions (follow.cc says how that holds).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "identity/revocation/recent_revocations.h"
#include "storage/database.h"

namespace merlon::identity {

// Rows of revocations that ran out later than this are held in memory, too: the clock may be ahead,
// and be put right later. Both in milliseconds since 1970.
std::int64_t oldest_held(std::int64_t now);

// From where on changes are to be read by who reads everything as of now.
Task<std::int64_t> horizon_of(storage::Database* database);
// By subject, after one.
Task<std::vector<ToldRevocation>> revocations_page(storage::Database* database, std::string after,
                                                   std::int64_t oldest);
bool is_full_page(const std::vector<ToldRevocation>& page);
// As of this call.
Task<News> revocations_since(storage::Database* database, const Clock* clock, std::int64_t horizon);

}  // namespace merlon::identity
