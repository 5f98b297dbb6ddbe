// Telling gateways in other processes what they have to refuse, and by which keys to verify.
#include <fmt/format.h>

#include <algorithm>

#include "identity/follow.h"
#include "identity/identity.h"

namespace merlon::identity {
namespace {

Told told_of(const storage::Rows& rows) {
    Told told;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].is_null(0)) continue;  // there is a horizon and nothing behind it
        told.revocations.push_back({rows[i].text(0), rows[i].integer(1), rows[i].integer(2)});
    }
    return told;
}

// Tells one set of changes from the next: they become more, or later. SQLite's have no position,
// and one of a subject that is revoked again takes the place of the one before.
std::string mark_of(const storage::Rows& rows) {
    if (rows[0].is_null(0)) return "0";
    std::int64_t highest = 0;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        highest = std::max(highest, rows[i].integer(4));
        sum += static_cast<std::uint64_t>(rows[i].integer(1)) +
               static_cast<std::uint64_t>(rows[i].integer(2));
    }
    return fmt::format("{}/{}/{}", rows.size(), highest, sum);
}

}  // namespace

// The horizon first: what is revoked while the pages are read comes with the first news.
Task<Told> Identity::tell_all(std::string after) {
    const std::int64_t horizon = MERLON_CO_TRY(co_await horizon_of(&parts_.database));
    const storage::Rows rows = MERLON_CO_TRY(
        co_await revocations_page(&parts_.database, std::move(after), oldest_held(now())));
    Told told = told_of(rows);
    told.horizon = horizon;
    if (is_full_page(rows)) told.last = told.revocations.back().subject;
    told.jwks = terms_.load()->issuer.jwks(parts_.clock.wall());
    co_return told;
}

Task<Told> Identity::tell_since(std::int64_t horizon, std::string mark) {
    const std::uint64_t seen = changed_.count();
    std::chrono::milliseconds waited{};
    storage::Rows rows =
        MERLON_CO_TRY(co_await revocations_since(&parts_.database, horizon, oldest_held(now())));
    if (rows[0].is_null(0) || mark_of(rows) == mark) {
        const SteadyTime begun = parts_.clock.steady();
        MERLON_CO_TRY(co_await changed_.wait(seen));
        waited = std::chrono::floor<std::chrono::milliseconds>(parts_.clock.steady() - begun);
        rows = MERLON_CO_TRY(
            co_await revocations_since(&parts_.database, horizon, oldest_held(now())));
    }
    Told told = told_of(rows);
    const std::int64_t next = rows[0].integer(3);
    // Seen from another horizon, it is another set.
    if (next == horizon) told.mark = mark_of(rows);
    told.horizon = next;
    told.waited = waited;
    told.jwks = terms_.load()->issuer.jwks(parts_.clock.wall());
    co_return told;
}

}  // namespace merlon::identity
