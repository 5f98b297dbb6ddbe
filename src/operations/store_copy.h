// merlon store copy: an installation's tables from one database to another, SQLite's or
// PostgreSQL's, or to the databases that its roles have of their own, and back.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "operations/store_moves.h"
#include "storage/copy/copy_table.h"

namespace merlon::operations {

// The two sides are not the same at the end (Conflict).
inline constexpr std::string_view copy_differs_rule = "copy.differs";

struct CopiedTable {
    std::string role;
    std::string name;
    storage::TableSum sum;
};

// Copies every table of every part, and compares both sides at the end. A copy that was killed is
// gone on with by the same order; until it has come to its end, no server starts on the target. One
// that has come to its end may be ordered again, and compares.
//
// Errors: those of store_moves(), "copy.events" (Conflict: two databases have events that would be
// in one, where each has its number), "store.in_use" (Conflict), "copy.source" (Conflict: it is not
// there, or not at this release's tables), "copy.not_empty" (Conflict: the target has rows),
// copy_differs_rule, and those of Database.
Result<std::vector<CopiedTable>> copy_store(const config::Settings& settings,
                                            const CopyOrder& order);

}  // namespace merlon::operations
