// Reads pages of revocations for gateways, and waits for new ones.
#include "identity/revocation/revocation_feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/revocation/revocation_table.h"

namespace merlon::identity {
namespace {

// The table is read every second: a recent copy that is older means that reading fails, and the
// database says why.
constexpr std::chrono::seconds recent_age_max{2};

// Tells one set of changes from the next: they become more, or later. SQLite's have no position,
// and one of a subject that is revoked again takes the place of the one before.
std::string mark_of(const std::vector<RevocationRow>& revocations) {
    std::int64_t highest = 0;
    std::uint64_t sum = 0;
    for (const RevocationRow& one : revocations) {
        highest = std::max(highest, one.position);
        sum += static_cast<std::uint64_t>(one.least_version) +
               static_cast<std::uint64_t>(one.until_ms);
    }
    return fmt::format("{}/{}/{}", revocations.size(), highest, sum);
}

}  // namespace

// The horizon first: what is revoked while the pages are read comes with the first changes.
Task<RevocationFeedPage> RevocationFeed::read_all(std::string after) {
    RevocationFeedPage page;
    page.horizon = MERLON_CO_TRY(co_await revocation_table::horizon(&database_));
    const std::int64_t oldest =
        revocation_table::oldest_kept(clock_.wall().time_since_epoch().count());
    page.revocations =
        MERLON_CO_TRY(co_await revocation_table::page(&database_, std::move(after), oldest));
    if (revocation_table::is_full(page.revocations)) page.last = page.revocations.back().subject;
    page.jwks = jwks();
    co_return page;
}

Task<RevocationFeedPage> RevocationFeed::wait_for_changes(std::int64_t horizon, std::string mark) {
    const SteadyTime requested_at = clock_.steady();
    const std::uint64_t seen = changed_.count();
    RevocationChanges changes = MERLON_CO_TRY(co_await changes_since(horizon));
    if (changes.revocations.empty() || mark_of(changes.revocations) == mark) {
        MERLON_CO_TRY(co_await changed_.wait(seen));
        changes = MERLON_CO_TRY(co_await changes_since(horizon));
    }
    RevocationFeedPage page;
    // Seen from another horizon, it is another set.
    if (changes.horizon == horizon) page.mark = mark_of(changes.revocations);
    page.revocations = std::move(changes.revocations);
    page.horizon = changes.horizon;
    page.as_of = std::chrono::floor<std::chrono::milliseconds>(changes.as_of - requested_at);
    page.jwks = jwks();
    co_return page;
}

// Out of the database for a horizon further back than is kept, while reading the table fails, and
// on SQLite, which no other process changes.
Task<RevocationChanges> RevocationFeed::changes_since(std::int64_t horizon) {
    if (auto recent = recent_.since(horizon, clock_.steady() - recent_age_max)) {
        co_return *std::move(recent);
    }
    co_return co_await revocation_table::changes_since(&database_, &clock_, horizon);
}

}  // namespace merlon::identity
