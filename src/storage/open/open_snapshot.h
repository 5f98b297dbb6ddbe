// A database as it is at one moment, for work that reads all of it while others write.
#pragma once

#include "storage/open/open_database.h"

namespace merlon::storage {

// Whoever writes meanwhile goes on, and nothing of that is read; nothing can be written, and no
// file is made (of SQLite's but its own two beside it). For the one thread of a command: queries
// come one at a time, and may block it. A connection that is lost takes the moment with it: then
// every query fails. Borrows clock and entropy for life. Errors: "storage.unavailable",
// "storage.corrupt".
Result<std::unique_ptr<Database>> open_snapshot(const DatabaseSettings& settings,
                                                const Clock& clock, Entropy& entropy);

}  // namespace merlon::storage
