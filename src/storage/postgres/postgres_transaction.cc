// Remembers the first failure: PostgreSQL refuses what comes after it.
#include "storage/postgres/postgres_transaction.h"

namespace merlon::storage {

Task<Rows> PostgresTransaction::query(Sql sql, Parameters parameters) {
    MERLON_CO_TRY(outcome());
    Result<Rows> rows = co_await connection_.query(sql, std::move(parameters));
    if (!rows) failure_ = rows.error();
    co_return rows;
}

Task<> PostgresTransaction::run_script(Sql script) {
    MERLON_CO_TRY(outcome());
    Result<> done = co_await connection_.run_script(script);
    if (!done) failure_ = done.error();
    co_return done;
}

Task<> PostgresTransaction::give_time() {
    MERLON_CO_TRY(
        co_await query("SELECT set_config('statement_timeout', '600000', true), "
                       "set_config('idle_in_transaction_session_timeout', '600000', true)",
                       {}));
    co_return Result<>{};
}

// The number is "merlon" in ASCII: other programs' locks on the same database are not ours.
Task<> PostgresTransaction::lock_others_out() {
    MERLON_CO_TRY(co_await give_time());
    MERLON_CO_TRY(co_await query("SELECT pg_advisory_xact_lock(120282478833518)", {}));
    co_return Result<>{};
}

Task<> PostgresTransaction::end(Result<> worked) {
    if (failure_) worked = std::unexpected(*failure_);
    if (worked) co_return co_await connection_.commit();
    // A connection that cannot roll back is broken, and the server rolls back by itself.
    (void)co_await connection_.roll_back();
    co_return worked;
}

Result<> PostgresTransaction::outcome() const {
    if (failure_) return std::unexpected(*failure_);
    return {};
}

}  // namespace merlon::storage
