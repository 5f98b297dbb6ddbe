// Counts limits in Redis, for several gateways together. While Redis is down, each process counts
// alone.
//
// Keys and values are those of npm's rate-limit-redis 4, so that a fleet of express services and
// this gateway share their counts: a counter under limit and client, which lives as long as its
// window. Reservations count in it too, as express counts an attempt before it knows its outcome.
// Which of the counted are only reserved is in a sorted set beside it, by the time at which each is
// given up: those of a gateway that was killed become failures, and are never forgotten to be.
#pragma once

#include <string>

#include "base/entropy.h"
#include "gateway/limits/local_limits.h"
#include "redis/redis_client.h"

namespace merlon::gateway {

// One worker's. Destroyed when the loop has stopped.
class RedisLimits final : public LimitStore {
public:
    RedisLimits(LimitTable& table, const Clock& clock, Entropy& entropy, redis::RedisServer& server,
                net::Deadlines& deadlines, Executor executor);

    Task<std::size_t> claim(std::span<LimitClaim> claims, std::string_view client,
                            SteadyTime now) override;
    void settle(const LimitClaim& claim, std::string_view client,
                LimitTable::Outcome outcome) override;

private:
    Task<std::size_t> claim_shared(std::span<LimitClaim> claims, std::string_view client,
                                   SteadyTime now);
    bool send(LimitClaim& claim, std::string_view client, redis::RedisCall& call);
    static void read_result(LimitClaim& claim, const redis::RedisCall& call);
    Task<> settle_shared(std::string key, std::uint32_t window_seconds, std::uint64_t reservation,
                         LimitTable::Outcome outcome);

    LocalLimits local_;
    redis::RedisClient client_;
    std::uint64_t last_reservation_;  // the first is random: no two gateways have one in common
};

}  // namespace merlon::gateway
