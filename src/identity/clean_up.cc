// What has run out goes, a part in each transaction, beside the calls and not in them: a range that
// a sign-in reads makes it lose against sign-ins of others (storage/database.h).
#include "identity/identity.h"
#include "identity/revocation/follow.h"

namespace merlon::identity {
namespace {

using storage::Rows;
using storage::Sql;

Task<std::int64_t> delete_some(storage::Transaction* transaction, Sql expired,
                               std::int64_t before) {
    const Rows rows = MERLON_CO_TRY(co_await transaction->query(expired, {before}));
    co_return rows.affected();
}

Task<> delete_all(storage::Database* database, Sql expired, std::int64_t before) {
    for (std::int64_t deleted = 1; deleted > 0;) {
        deleted = MERLON_CO_TRY(co_await database->transact<std::int64_t>(
            [expired, before](storage::Transaction& transaction) {
                return delete_some(&transaction, expired, before);
            }));
    }
    co_return Result<>{};
}

}  // namespace

Task<> session_store::forget(storage::Database& database, std::int64_t before) {
    MERLON_CO_TRY(
        co_await delete_all(&database,
                            "DELETE FROM revocations WHERE subject IN "
                            "(SELECT subject FROM revocations WHERE until < $1 LIMIT 1000)",
                            before));
    co_return co_await delete_all(&database,
                                  "DELETE FROM sessions WHERE id IN "
                                  "(SELECT id FROM sessions WHERE expires_at < $1 LIMIT 1000)",
                                  before);
}

// A clock that is ahead for a while costs nobody a session.
Task<> Identity::clean_up() {
    MERLON_CO_TRY(co_await session_store::forget(parts_.database, oldest_held(now())));
    co_return co_await accounts_.fold_counts();
}

}  // namespace merlon::identity
