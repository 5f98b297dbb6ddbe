// Statements on the revocations table, and on the token version of an account.
#include "identity/revocation/revocation_table.h"

#include <utility>

#include "identity/store/expired_rows.h"

namespace merlon::identity::revocation_table {
namespace {

using storage::Rows;

constexpr std::chrono::milliseconds clock_ahead_max = std::chrono::hours{2};
// Rows in one page: an installation may have a million.
constexpr std::int64_t page_rows = 10'000;

RevocationRow row_of(const storage::Row& row) {
    return {row.text(0), row.integer(1), row.integer(2), row.integer(3)};
}

}  // namespace

Task<> insert(storage::Transaction* transaction, std::string subject, std::int64_t least_version,
              std::int64_t until_ms) {
    MERLON_CO_TRY(co_await transaction->query(
        "INSERT INTO revocations (subject, least_version, until, position) VALUES ($1, $2, $3, "
        "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)) "
        "ON CONFLICT (subject) DO UPDATE SET least_version = excluded.least_version, "
        "until = excluded.until, position = excluded.position "
        "RETURNING pg_notify('merlon_revocations', '')",
        {std::move(subject), least_version, until_ms}));
    co_return Result<>{};
}

Task<std::optional<std::int64_t>> raise_token_version(storage::Transaction* transaction,
                                                      std::string user_id) {
    const Rows rows = MERLON_CO_TRY(co_await transaction->query(
        "UPDATE accounts SET version = version + 1 WHERE id = $1 RETURNING version",
        {std::move(user_id)}));
    if (rows.empty()) co_return std::optional<std::int64_t>();
    co_return rows[0].integer(0);
}

std::int64_t oldest_kept(std::int64_t now_ms) { return now_ms - clock_ahead_max.count(); }

Task<std::int64_t> horizon(storage::Database* database) {
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"));
    co_return rows[0].integer(0);
}

Task<std::vector<RevocationRow>> page(storage::Database* database, std::string after,
                                      std::int64_t oldest_ms) {
    const Rows rows = MERLON_CO_TRY(
        co_await database->query("SELECT subject, least_version, until, position FROM revocations "
                                 "WHERE subject > $1 AND until > $2 ORDER BY subject LIMIT $3",
                                 {std::move(after), oldest_ms, page_rows}));
    std::vector<RevocationRow> page;
    for (std::size_t i = 0; i < rows.size(); ++i) page.push_back(row_of(rows[i]));
    co_return page;
}

bool is_full(const std::vector<RevocationRow>& page) {
    return std::cmp_equal(page.size(), page_rows);
}

Task<RevocationChanges> changes_since(storage::Database* database, const Clock* clock,
                                      std::int64_t horizon) {
    RevocationChanges changes{.as_of = clock->steady()};
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT subject, least_version, until, position, horizon FROM (SELECT "
        "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT) AS horizon) "
        "AS now LEFT JOIN revocations ON position >= $1 AND until > $2",
        {horizon, oldest_kept(clock->wall().time_since_epoch().count())}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].is_null(0)) break;  // there is a horizon and nothing behind it
        changes.revocations.push_back(row_of(rows[i]));
    }
    changes.horizon = rows[0].integer(4);
    co_return changes;
}

Task<> delete_expired(storage::Database* database, std::int64_t before_ms) {
    return delete_expired_rows(database,
                               "DELETE FROM revocations WHERE subject IN "
                               "(SELECT subject FROM revocations WHERE until < $1 LIMIT 1000)",
                               before_ms);
}

}  // namespace merlon::identity::revocation_table
