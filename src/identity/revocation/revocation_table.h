// The revocations table, read in the order of its transactions.
//
// PostgreSQL numbers transactions as they begin, and they commit in another order. So a revocation
// carries its transaction's number, and a reader that has read everything as of a snapshot goes on
// from the snapshot's horizon, the oldest transaction that was under way: whatever commits later
// has that number or a higher one. A few rows are read twice, which changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "identity/revocation/revocation_row.h"
#include "storage/database.h"

namespace merlon::identity::revocation_table {

// Subject's tokens below a version are refused until a time. Other processes are notified with the
// commit, and find it by its position.
Task<> insert(storage::Transaction* transaction, std::string subject, std::int64_t least_version,
              std::int64_t until_ms);
// Makes all earlier tokens of the user stale. Gives the new version; empty: no such account.
Task<std::optional<std::int64_t>> raise_token_version(storage::Transaction* transaction,
                                                      std::string user_id);

// Rows that expired later than this are kept in memory, too: the clock may be ahead, and be put
// right later. Both in milliseconds since 1970.
std::int64_t oldest_kept(std::int64_t now_ms);

// Where a reader of everything as of now goes on.
Task<std::int64_t> horizon(storage::Database* database);
// By subject, after one.
Task<std::vector<RevocationRow>> page(storage::Database* database, std::string after,
                                      std::int64_t oldest_ms);
bool is_full(const std::vector<RevocationRow>& page);
// As of this call.
Task<RevocationChanges> changes_since(storage::Database* database, const Clock* clock,
                                      std::int64_t horizon);

// Deletes the rows that expired before a time.
Task<> delete_expired(storage::Database* database, std::int64_t before_ms);

}  // namespace merlon::identity::revocation_table
