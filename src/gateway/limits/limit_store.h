// The port between the limit gate and where limits count: the table of this process, or Redis.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/task.h"
#include "gateway/limits/limit_table.h"

namespace merlon::gateway {

struct Limit;

// One limit's part in one request.
struct LimitClaim {
    const Limit* limit;
    std::uint64_t key;  // of limit and client, for tables of this process

    // Set by the store:
    LimitState state;
    bool is_full = false;    // of a reservation: no use waiting
    bool is_shared = false;  // made in Redis, and to be settled there
    std::uint64_t reservation = 0;
};

// One worker's. One thread, its loop's.
class LimitStore {
public:
    static constexpr std::size_t claims_max = 8;

    virtual ~LimitStore() = default;

    // Counts a request, or reserves where the limit forgives successes, under one limit after the
    // other up to the first that refuses. Gives how many were tried: all before the last of them
    // allow, the others are unchanged. From 1 to claims_max claims; they and `client` live
    // until the result. Never fails: without Redis this process counts alone.
    virtual Task<std::size_t> claim(std::span<LimitClaim> claims, std::string_view client,
                                    SteadyTime now) = 0;
    // Ends a reservation that was allowed.
    virtual void settle(const LimitClaim& claim, std::string_view client,
                        LimitTable::Outcome outcome) = 0;
};

}  // namespace merlon::gateway
