// Deletes expired rows in batches, a transaction each, outside of requests: a range that a sign-in
// also reads would make the sign-in lose against others (storage/database.h).
#pragma once

#include "storage/database.h"

namespace merlon::identity {

// `deletion` deletes at most a batch of the rows that expired before $1, milliseconds since 1970.
// Borrows the database for the task. Errors: those of Database.
Task<> delete_expired_rows(storage::Database* database, storage::Sql deletion, std::int64_t before);

}  // namespace merlon::identity
