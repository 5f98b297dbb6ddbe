// Stores one row for each access_ttl that tokens were issued with.
#include "identity/keys/token_lifetimes.h"

namespace merlon::identity {
namespace {

Task<> store(storage::Transaction* transaction, std::int64_t now_ms, std::int64_t seconds) {
    // The last token of another lifetime was issued at this moment or before.
    MERLON_CO_TRY(co_await transaction->query(
        "UPDATE token_lives SET until = $1 + seconds * 1000 WHERE until IS NULL AND seconds <> $2",
        {now_ms, seconds}));
    MERLON_CO_TRY(
        co_await transaction->query("DELETE FROM token_lives WHERE until <= $1", {now_ms}));
    MERLON_CO_TRY(
        co_await transaction->query("INSERT INTO token_lives (seconds) VALUES ($1)"
                                    " ON CONFLICT (seconds) DO UPDATE SET until = NULL",
                                    {seconds}));
    co_return Result<>{};
}

}  // namespace

Task<std::chrono::seconds> remember_access_ttl(storage::Database& database, WallTime now,
                                               std::chrono::seconds access_ttl) {
    const std::int64_t now_ms = now.time_since_epoch().count();
    const std::int64_t seconds = access_ttl.count();
    const storage::Rows current = MERLON_CO_TRY(
        co_await database.query("SELECT seconds FROM token_lives WHERE until IS NULL"));
    // Most reloads change nothing here, and none of those writes.
    if (current.empty() || current[0].integer(0) != seconds) {
        MERLON_CO_TRY(
            co_await database.transact_work([now_ms, seconds](storage::Transaction& transaction) {
                return store(&transaction, now_ms, seconds);
            }));
    }
    co_return co_await longest_access_ttl(database, now);
}

Task<std::chrono::seconds> longest_access_ttl(storage::Database& database, WallTime now) {
    const storage::Rows lives = MERLON_CO_TRY(co_await database.query(
        "SELECT max(seconds) FROM token_lives WHERE until IS NULL OR until > $1",
        {std::int64_t{now.time_since_epoch().count()}}));
    co_return std::chrono::seconds{lives[0].integer(0)};
}

}  // namespace merlon::identity
