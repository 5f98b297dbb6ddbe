// A sharded counter: a count that many transactions change at once. If each updated the total,
// which is one row, it would wait for the transaction before, for as long as a process that was cut
// off holds it; and as all are SERIALIZABLE, most would have to run again. So each transaction
// inserts its change as a row of its own, which waits for nobody. The count is the total plus all
// changes, and fold() adds the changes to the total from time to time, which keeps reading cheap.
#pragma once

#include "storage/database.h"

namespace merlon::storage {

struct ShardedCounter {
    // Deletes some of the changes. Returns for each what it counts (text) and the difference.
    Sql take;
    // Adds $2 to the total of $1.
    Sql add;
};

// Returns when all changes that were there at its beginning are folded. Errors: those of Database;
// what was folded by then stays folded, and no count is ever wrong.
Task<> fold(Database* database, ShardedCounter counter);

}  // namespace merlon::storage
