// Telling gateways in other processes what they have to refuse, and by which keys to verify.
#include <fmt/format.h>

#include <algorithm>

#include "identity/identity.h"
#include "identity/revocation/follow.h"

namespace merlon::identity {
namespace {

// Followed every second: what is older failed to be, and the database says why.
constexpr std::chrono::seconds recent_max{2};

// Tells one set of changes from the next: they become more, or later. SQLite's have no position,
// and one of a subject that is revoked again takes the place of the one before.
std::string mark_of(const std::vector<ToldRevocation>& revocations) {
    std::int64_t highest = 0;
    std::uint64_t sum = 0;
    for (const ToldRevocation& one : revocations) {
        highest = std::max(highest, one.position);
        sum += static_cast<std::uint64_t>(one.least_version) +
               static_cast<std::uint64_t>(one.until_ms);
    }
    return fmt::format("{}/{}/{}", revocations.size(), highest, sum);
}

}  // namespace

// The horizon first: what is revoked while the pages are read comes with the first news.
Task<Told> Identity::tell_all(std::string after) {
    Told told;
    told.horizon = MERLON_CO_TRY(co_await horizon_of(&parts_.database));
    told.revocations = MERLON_CO_TRY(
        co_await revocations_page(&parts_.database, std::move(after), oldest_held(now())));
    if (is_full_page(told.revocations)) told.last = told.revocations.back().subject;
    told.jwks = terms_.load()->issuer.jwks(parts_.clock.wall());
    co_return told;
}

Task<Told> Identity::tell_since(std::int64_t horizon, std::string mark) {
    const SteadyTime asked = parts_.clock.steady();
    const std::uint64_t seen = changed_.count();
    News news = MERLON_CO_TRY(co_await news_since(horizon));
    if (news.revocations.empty() || mark_of(news.revocations) == mark) {
        MERLON_CO_TRY(co_await changed_.wait(seen));
        news = MERLON_CO_TRY(co_await news_since(horizon));
    }
    Told told;
    // Seen from another horizon, it is another set.
    if (news.horizon == horizon) told.mark = mark_of(news.revocations);
    told.revocations = std::move(news.revocations);
    told.horizon = news.horizon;
    told.as_of = std::chrono::floor<std::chrono::milliseconds>(news.as_of - asked);
    told.jwks = terms_.load()->issuer.jwks(parts_.clock.wall());
    co_return told;
}

// Who asks from further back than is remembered is told out of the database, and so is everybody
// while following fails, and of SQLite, which nobody else changes.
Task<News> Identity::news_since(std::int64_t horizon) {
    if (auto recent = recent_.since(horizon, parts_.clock.steady() - recent_max)) {
        co_return *std::move(recent);
    }
    co_return co_await revocations_since(&parts_.database, &parts_.clock, horizon);
}

}  // namespace merlon::identity
