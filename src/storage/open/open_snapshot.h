// Databases as they are at one moment, for work that reads all of them while others write.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/database.h"
#include "storage/open/settings.h"

namespace merlon::storage {

// Whoever writes meanwhile goes on, and nothing of that is read; nothing can be written, and no
// file is made (of SQLite's but its own two beside it). For the one thread of a command: queries
// come one at a time, and may block it. A connection that is lost takes the moment with it: then
// every query fails. Borrows the clock for life. Errors: "storage.unavailable", "storage.corrupt".
Result<std::unique_ptr<Database>> open_snapshot(const DatabaseSettings& settings,
                                                const Clock& clock);

// A database, and those of its tables that have to be of one moment with other databases'.
struct SnapshotSource {
    DatabaseSettings database;
    std::vector<std::string> tables;
};

// The same of several, at the same moment: what is done over two of them, such as an order and its
// stock, is in neither, in both, or as a crash between its steps would have left it. For that
// nobody writes to their tables for a few milliseconds. In PostgreSQL others' tables are not
// touched. Error besides: "storage.unavailable", when somebody writes for longer than that can be
// waited for (PausePatience).
Result<std::vector<std::unique_ptr<Database>>> open_snapshots(
    std::span<const SnapshotSource> sources, const Clock& clock);

}  // namespace merlon::storage
