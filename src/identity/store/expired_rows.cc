// Deletes batch after batch until one deletes nothing.
#include "identity/store/expired_rows.h"

namespace merlon::identity {
namespace {

Task<std::int64_t> delete_batch(storage::Transaction* transaction, storage::Sql deletion,
                                std::int64_t before) {
    const storage::Rows rows = MERLON_CO_TRY(co_await transaction->query(deletion, {before}));
    co_return rows.affected();
}

}  // namespace

Task<> delete_expired_rows(storage::Database* database, storage::Sql deletion,
                           std::int64_t before) {
    for (std::int64_t deleted = 1; deleted > 0;) {
        deleted = MERLON_CO_TRY(co_await database->transact<std::int64_t>(
            [deletion, before](storage::Transaction& transaction) {
                return delete_batch(&transaction, deletion, before);
            }));
    }
    co_return Result<>{};
}

}  // namespace merlon::identity
