// Carries claims out against the table.
#include "gateway/limits/local_limits.h"

#include "gateway/limits/limit.h"

namespace merlon::gateway {
namespace {

// What the table counts time in.
std::uint32_t seconds(SteadyTime time) {
    return static_cast<std::uint32_t>(
        std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

std::size_t LocalLimits::claim_now(std::span<LimitClaim> claims, SteadyTime now) {
    std::size_t tried = 0;
    for (LimitClaim& claim : claims) {
        ++tried;
        claim.is_shared = false;
        if (claim.limit->skips_successful) {
            const auto made = table_.reserve(claim.key, claim.limit->rule, seconds(now));
            claim.state = made.state;
            claim.is_full = made.is_full;
        } else {
            claim.state = table_.count(claim.key, claim.limit->rule, seconds(now));
        }
        if (!claim.state.allowed) break;
    }
    return tried;
}

Task<std::size_t> LocalLimits::claim(std::span<LimitClaim> claims, std::string_view,
                                     SteadyTime now) {
    return Result<std::size_t>(claim_now(claims, now));
}

void LocalLimits::settle(const LimitClaim& claim, std::string_view, LimitTable::Outcome outcome) {
    table_.settle(claim.key, claim.limit->rule, outcome, seconds(clock_.steady()));
}

}  // namespace merlon::gateway
