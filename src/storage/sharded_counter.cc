// Adds changes to their total, a few in each transaction: a year of changes that nobody folded must
// not block the others.
#include "storage/sharded_counter.h"

#include <map>

namespace merlon::storage {
namespace {

// Returns how many changes it folded. Updates the totals in the order of their names, so that two
// at once cannot deadlock.
Task<std::int64_t> fold_some(Transaction* transaction, ShardedCounter counter) {
    const Rows changes = MERLON_CO_TRY(co_await transaction->query(counter.take));
    std::map<std::string, std::int64_t> sums;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        sums[changes[i].text(0)] += changes[i].integer(1);
    }
    for (const auto& [counted, difference] : sums) {
        if (difference == 0) continue;
        MERLON_CO_TRY(co_await transaction->query(counter.add, {counted, difference}));
    }
    co_return static_cast<std::int64_t>(changes.size());
}

}  // namespace

Task<> fold(Database* database, ShardedCounter counter) {
    for (std::int64_t folded = 1; folded > 0;) {
        folded = MERLON_CO_TRY(co_await database->transact<std::int64_t>(
            [counter](Transaction& transaction) { return fold_some(&transaction, counter); }));
    }
    co_return Result<>{};
}

}  // namespace merlon::storage
