// Moving an installation's tables from databases into others, row by row and compared at the end:
// what copying a store, backing it up and restoring it have in common. Read copy_store() first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operations/store_moves.h"
#include "storage/copy/copy_table.h"

namespace merlon::operations {

// The two sides are not the same at the end (Conflict).
inline constexpr std::string_view copy_differs_rule = "copy.differs";
// The target has rows, or another copy into it has not come to its end (Conflict).
inline constexpr std::string_view not_empty_rule = "copy.not_empty";

struct CopiedTable {
    std::string role;
    std::string name;
    storage::TableSum sum;
};

// How the sources are read.
enum class Reading : std::uint8_t {
    Newest,    // their newest state, while nobody else may write to them
    Snapshot,  // what all of them were at one moment, whoever writes meanwhile
    Files,     // as they are: nobody writes to them, nor do we
};

// What is in the target: nothing, a part that an earlier run of this very transfer brought, or rows
// that nobody says are on their way.
enum class Found : std::uint8_t { Nothing, Part, Rows };

// Resource. Its steps are called in their order, once each.
class StoreTransfer final {
public:
    explicit StoreTransfer(std::vector<StoreMove> moves);
    ~StoreTransfer();
    StoreTransfer(const StoreTransfer&) = delete;

    // Drops the parts that have no tables there, and moves whose source is absent and may be.
    // Errors: "copy.source" (Conflict: it is not there, or not at this release's tables),
    // "copy.events" (Conflict: two databases have events that would be in one, where each has its
    // number), and those of Database.
    Result<> open_sources(Reading reading);
    // What is moved from where to where, once the sources are open; there is something.
    std::vector<StoreMove> moves() const;

    // Makes the tables, and marks them as being filled by `name`: until release() no server starts
    // on them, and a transfer of the same name goes on where this one was killed. Nothing is marked
    // where it finds Rows. Error: not_empty_rule (another transfer's marks).
    Result<Found> open_targets(const std::string& name);
    // The first target that has rows.
    const storage::DatabaseSettings& full_target() const;

    Result<> copy_rows();
    // Both sides, table by table. Error: copy_differs_rule.
    Result<std::vector<CopiedTable>> compare();
    // After the last of them a server starts on it.
    Result<> release();

    // Of the first move, once its sources are open.
    storage::Database& source();

private:
    struct Move;
    struct Outside;

    Result<> require_files();
    Result<> open_each(Reading reading);
    static Result<> keep_own_parts(Move& move);
    Result<> choose_outboxes();

    std::unique_ptr<Outside> outside_;
    std::vector<Move> moves_;  // before what they borrow goes
};

}  // namespace merlon::operations
