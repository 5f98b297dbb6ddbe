// Counts the accounts of each role without counting rows: a change adds a difference, and now and
// then the differences are folded into totals (storage/sharded_counter.h).
#pragma once

#include <string>

#include "storage/database.h"

namespace merlon::identity::account_counts {

// Part of the transaction that creates an account or changes its role.
Task<> add(storage::Transaction* transaction, std::string role, std::int64_t difference);
Task<std::int64_t> of_all(storage::Database* database);
Task<std::int64_t> of_role(storage::Database* database, std::string role);
Task<> fold(storage::Database* database);

}  // namespace merlon::identity::account_counts
