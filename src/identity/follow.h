// Reading the revocations table in the order of its transactions (follow.cc says how that holds).
#pragma once

#include <string>

#include "storage/database.h"

namespace merlon::identity {

// Rows of revocations that ran out later than this are held in memory, too: the clock may be ahead,
// and be put right later. Both in milliseconds since 1970.
std::int64_t oldest_held(std::int64_t now);

// From where on changes are to be read by who reads everything as of now.
Task<std::int64_t> horizon_of(storage::Database* database);
// Subject, least version, until; by subject, after one.
Task<storage::Rows> revocations_page(storage::Database* database, std::string after,
                                     std::int64_t oldest);
bool is_full_page(const storage::Rows& rows);
// Subject, least version, until, in each row the next horizon, position; one row with nulls but the
// horizon when nothing has changed.
Task<storage::Rows> revocations_since(storage::Database* database, std::int64_t horizon,
                                      std::int64_t oldest);

}  // namespace merlon::identity
