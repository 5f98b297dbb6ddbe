// Counts limits in this process alone.
#pragma once

#include "gateway/limits/limit_store.h"

namespace merlon::gateway {

// Borrows for life: the table is of all workers.
class LocalLimits final : public LimitStore {
public:
    LocalLimits(LimitTable& table, const Clock& clock) : table_(table), clock_(clock) {}

    Task<std::size_t> claim(std::span<LimitClaim> claims, std::string_view client,
                            SteadyTime now) override;
    void settle(const LimitClaim& claim, std::string_view client,
                LimitTable::Outcome outcome) override;

    // Never waits.
    std::size_t claim_now(std::span<LimitClaim> claims, SteadyTime now);

private:
    LimitTable& table_;
    const Clock& clock_;
};

}  // namespace merlon::gateway
