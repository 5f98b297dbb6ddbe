// Counts that many transactions change at once. If each of them updated the total, a row of all,
// each would wait for the one before, for as long as a process that was cut off holds it, and,
// being SERIALIZABLE, most would have to run again. So each writes its change in a row of its own,
// which waits for nobody; the count is the total and all changes together; and now and then fold()
// adds the changes up, so that reading stays cheap.
#pragma once

#include "storage/database.h"

namespace merlon::storage {

struct Tally {
    // Deletes some of the changes. Gives for each what it counts (text), and the difference.
    Sql take;
    // Adds $2 to the total of $1.
    Sql add;
};

// Until no change is left that was there before. Errors: those of Database; what is folded by then
// stays so, and no count is ever wrong.
Task<> fold(Database* database, Tally tally);

}  // namespace merlon::storage
