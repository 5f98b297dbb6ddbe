// Several processes of this role on one database: each takes over what the others change.
//
// PostgreSQL numbers transactions as they begin, and they commit in another order. So a revocation
// carries its transaction's number, and who has read everything as of a snapshot goes on from the
// snapshot's horizon, the oldest transaction that was under way: whatever commits later has that
// number or a higher one. A few are read twice, which changes nothing.
#include "identity/revocation/follow.h"

#include "identity/identity.h"
#include "identity/sessions/token_lives.h"

namespace merlon::identity {
namespace {

using storage::Rows;

constexpr std::chrono::milliseconds clock_ahead_max = std::chrono::hours{2};
// Rows in one answer: an installation may have a million.
constexpr std::int64_t page_rows = 10'000;

ToldRevocation revocation_of(const storage::Row& row) {
    return {row.text(0), row.integer(1), row.integer(2), row.integer(3)};
}

}  // namespace

std::int64_t oldest_held(std::int64_t now) { return now - clock_ahead_max.count(); }

Task<std::int64_t> horizon_of(storage::Database* database) {
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"));
    co_return rows[0].integer(0);
}

Task<std::vector<ToldRevocation>> revocations_page(storage::Database* database, std::string after,
                                                   std::int64_t oldest) {
    const Rows rows = MERLON_CO_TRY(
        co_await database->query("SELECT subject, least_version, until, position FROM revocations "
                                 "WHERE subject > $1 AND until > $2 ORDER BY subject LIMIT $3",
                                 {std::move(after), oldest, page_rows}));
    std::vector<ToldRevocation> page;
    for (std::size_t i = 0; i < rows.size(); ++i) page.push_back(revocation_of(rows[i]));
    co_return page;
}

bool is_full_page(const std::vector<ToldRevocation>& page) {
    return std::cmp_equal(page.size(), page_rows);
}

Task<News> revocations_since(storage::Database* database, const Clock* clock,
                             std::int64_t horizon) {
    News news{.as_of = clock->steady()};
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT subject, least_version, until, position, horizon FROM (SELECT "
        "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT) AS horizon) "
        "AS now LEFT JOIN revocations ON position >= $1 AND until > $2",
        {horizon, oldest_held(clock->wall().time_since_epoch().count())}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].is_null(0)) break;  // there is a horizon and nothing behind it
        news.revocations.push_back(revocation_of(rows[i]));
    }
    news.horizon = rows[0].integer(4);
    co_return news;
}

// Before anything is served: a sign-out of a minute ago holds over a restart.
Task<> Identity::load_revocations() {
    const SteadyTime begun = parts_.clock.steady();
    const Rows latest =
        MERLON_CO_TRY(co_await parts_.database.query("SELECT MAX(last_seen_at) FROM sessions"));
    if (!latest[0].is_null(0))
        note_issue(WallTime{std::chrono::milliseconds{latest[0].integer(0)}});
    const std::int64_t horizon = MERLON_CO_TRY(co_await horizon_of(&parts_.database));
    std::string last;
    for (bool is_more = true; is_more;) {
        const auto page =
            MERLON_CO_TRY(co_await revocations_page(&parts_.database, last, oldest_held(now())));
        for (const ToldRevocation& one : page) take_over(one);
        is_more = is_full_page(page);
        if (is_more) last = page.back().subject;
    }
    horizon_ = horizon;
    if (parts_.database.is_shared()) parts_.revocations.note_whole_at(begun);
    co_return Result<>{};
}

Task<> Identity::follow() {
    News news =
        MERLON_CO_TRY(co_await revocations_since(&parts_.database, &parts_.clock, horizon_));
    for (const ToldRevocation& one : news.revocations) take_over(one);
    parts_.revocations.note_whole_at(news.as_of);
    const std::int64_t next = news.horizon;
    recent_.take(horizon_, std::move(news));
    horizon_ = next;
    co_return co_await follow_keys();
}

// At least until the last token that we know of has expired: another process's clock may differ.
void Identity::take_over(const ToldRevocation& revoked) {
    const WallTime until{std::chrono::milliseconds{revoked.until_ms}};
    parts_.revocations.learn(revoked.subject, revoked.least_version,
                             std::max(until, last_expiry()));
    if (parts_.shared == nullptr || revoked.least_version == session_store::any_version) return;
    // Who raised it may have been killed before Redis had it, or not know of Redis.
    if (auto key = SessionKey::of_version(revoked.subject, revoked.least_version, until)) {
        parts_.shared->session_keys.add(*std::move(key));
    }
}

// Another process's keys, and how long the tokens live that it gives.
Task<> Identity::follow_keys() {
    const std::string described = MERLON_CO_TRY(co_await describe_keys());
    if (described == known_keys_) co_return Result<>{};
    // One that is under way here puts its own in, and the next look comes in a second.
    const auto change = KeyChange::begin(changing_keys_);
    if (!change) co_return Result<>{};
    const auto terms = terms_.load();
    tokens::Rings rings = terms->issuer.rings();
    if (terms->algorithm != tokens::Algorithm::HS256) {
        rings = MERLON_CO_TRY(co_await signing_keys_.read());
    }
    Terms next = terms->with(std::move(rings));
    next.longest_access_ttl =
        MERLON_CO_TRY(co_await longest_access_ttl(parts_.database, parts_.clock.wall()));
    adopt(std::move(next));
    known_keys_ = described;
    co_return Result<>{};
}

Task<std::string> Identity::describe_keys() {
    const Rows rows = MERLON_CO_TRY(co_await parts_.database.query(
        "SELECT kid, signs_from, COALESCE(retires_at, 0), COALESCE(refresh_until, 0) "
        "FROM signing_keys UNION ALL SELECT 'life', seconds, COALESCE(until, 0), 0 "
        "FROM token_lives ORDER BY 1, 2"));
    std::string described;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        described += rows[i].text(0);
        for (const std::size_t column : {1U, 2U, 3U}) {
            described += ' ' + std::to_string(rows[i].integer(column));
        }
        described += '\n';
    }
    co_return described;
}

}  // namespace merlon::identity
