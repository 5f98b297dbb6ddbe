// Telling gateways in other processes what they have to refuse, and by which keys to verify.
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

Task<Told> Identity::tell_since(std::int64_t horizon) {
    const std::uint64_t seen = changed_.count();
    storage::Rows rows =
        MERLON_CO_TRY(co_await revocations_since(&parts_.database, horizon, oldest_held(now())));
    if (rows[0].is_null(0)) {
        MERLON_CO_TRY(co_await changed_.wait(seen));
        rows = MERLON_CO_TRY(
            co_await revocations_since(&parts_.database, horizon, oldest_held(now())));
    }
    Told told = told_of(rows);
    told.horizon = rows[0].integer(3);
    told.jwks = terms_.load()->issuer.jwks(parts_.clock.wall());
    co_return told;
}

}  // namespace merlon::identity
