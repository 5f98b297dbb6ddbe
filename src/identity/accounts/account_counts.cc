// Statements on account_changes and account_totals.
#include "identity/accounts/account_counts.h"

#include "storage/sharded_counter.h"

namespace merlon::identity::account_counts {
namespace {

constexpr storage::ShardedCounter totals = {
    .take =
        "DELETE FROM account_changes WHERE id IN "
        "(SELECT id FROM account_changes ORDER BY id LIMIT 1000) RETURNING role, difference",
    .add =
        "INSERT INTO account_totals (role, accounts) VALUES ($1, $2) "
        "ON CONFLICT (role) DO UPDATE SET accounts = account_totals.accounts + $2"};

}  // namespace

Task<> add(storage::Transaction* transaction, std::string role, std::int64_t difference) {
    MERLON_CO_TRY(co_await transaction->query(
        "INSERT INTO account_changes (role, difference) VALUES ($1, $2)",
        {std::move(role), difference}));
    co_return Result<>{};
}

Task<std::int64_t> of_all(storage::Database* database) {
    const storage::Rows rows = MERLON_CO_TRY(
        co_await database->query("SELECT (SELECT COALESCE(SUM(accounts), 0) FROM account_totals) + "
                                 "(SELECT COALESCE(SUM(difference), 0) FROM account_changes)"));
    co_return rows[0].integer(0);
}

Task<std::int64_t> of_role(storage::Database* database, std::string role) {
    const storage::Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT (SELECT COALESCE(SUM(accounts), 0) FROM account_totals WHERE role = $1) + "
        "(SELECT COALESCE(SUM(difference), 0) FROM account_changes WHERE role = $1)",
        {std::move(role)}));
    co_return rows[0].integer(0);
}

Task<> fold(storage::Database* database) { return storage::fold(database, totals); }

}  // namespace merlon::identity::account_counts
