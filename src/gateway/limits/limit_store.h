// Where limits count: the port between the gate and the table of this process, or Redis.
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

    // What the store says:
    LimitState state;
    bool is_full = false;    // of a reservation: waiting cannot help
    bool is_shared = false;  // where it was made, and has to be settled
    std::uint64_t reservation = 0;
};

// One worker's. One thread, its loop's.
class LimitStore {
public:
    static constexpr std::size_t claims_max = 8;

    virtual ~LimitStore() = default;

    // Counts a request, or reserves where the limit forgives successes, under one limit after the
    // other up to the first that refuses. Gives how many were asked: all before the last of them
    // allow, the others are as they were. From 1 to claims_max claims; they and `client` live
    // until the answer. Never fails: a store that is away is stood in for.
    virtual Task<std::size_t> claim(std::span<LimitClaim> claims, std::string_view client,
                                    SteadyTime now) = 0;
    // Ends a reservation that was allowed.
    virtual void settle(const LimitClaim& claim, std::string_view client,
                        LimitTable::Outcome outcome) = 0;
};

}  // namespace merlon::gateway
