// merlon store copy: an installation's tables from one database to another, SQLite's or
// PostgreSQL's, or to the databases that its roles have of their own, and back.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "operations/store_transfer.h"

namespace merlon::operations {

// Copies every table of every part, and compares both sides at the end. A copy that was killed is
// gone on with by the same order; until it has come to its end, no server starts on the target. One
// that has come to its end may be ordered again, and compares.
//
// Errors: those of store_moves(), lock_stores() and StoreTransfer; not_empty_rule (the target has
// other rows).
Result<std::vector<CopiedTable>> copy_store(const config::Settings& settings,
                                            const CopyOrder& order);

}  // namespace merlon::operations
