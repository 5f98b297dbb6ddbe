// Adds changes up to a total, some in each transaction: a year of changes that nobody folded must
// not block the others.
#include "storage/tally.h"

#include <map>

namespace merlon::storage {
namespace {

// Gives how many changes there were. In the order of names: of two at once none waits for the other
// in a circle.
Task<std::int64_t> fold_some(Transaction* transaction, Tally tally) {
    const Rows changes = MERLON_CO_TRY(co_await transaction->query(tally.take));
    std::map<std::string, std::int64_t> sums;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        sums[changes[i].text(0)] += changes[i].integer(1);
    }
    for (const auto& [counted, difference] : sums) {
        if (difference == 0) continue;
        MERLON_CO_TRY(co_await transaction->query(tally.add, {counted, difference}));
    }
    co_return static_cast<std::int64_t>(changes.size());
}

}  // namespace

Task<> fold(Database* database, Tally tally) {
    for (std::int64_t folded = 1; folded > 0;) {
        folded = MERLON_CO_TRY(co_await database->transact<std::int64_t>(
            [tally](Transaction& transaction) { return fold_some(&transaction, tally); }));
    }
    co_return Result<>{};
}

}  // namespace merlon::storage
