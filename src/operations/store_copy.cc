// merlon store copy.
#include "operations/store_copy.h"

#include "operations/store_locks.h"

namespace merlon::operations {

Result<std::vector<CopiedTable>> copy_store(const config::Settings& settings,
                                            const CopyOrder& order) {
    std::vector<StoreMove> moves = MERLON_TRY(store_moves(settings, order));
    std::vector<storage::DatabaseSettings> databases;
    for (const StoreMove& move : moves) databases.insert(databases.end(), {move.from, move.to});
    const StoreLocks locks = MERLON_TRY(lock_stores(settings, databases));
    StoreTransfer transfer(std::move(moves));
    MERLON_TRY(transfer.open_sources(Reading::Newest));
    const std::string name = name_of(transfer.moves().back().from);
    if (MERLON_TRY(transfer.open_targets(name)) == Found::Rows) {
        // Perhaps this very copy came to its end, and was killed before it could say so.
        auto copied = transfer.compare();
        if (copied || copied.error().rule != copy_differs_rule) return copied;
        return fail(Kind::Conflict, not_empty_rule,
                    name_of(transfer.full_target()) + " has rows: copy into an empty store");
    }
    MERLON_TRY(transfer.copy_rows());
    std::vector<CopiedTable> copied = MERLON_TRY(transfer.compare());
    MERLON_TRY(transfer.release());
    return copied;
}

}  // namespace merlon::operations
