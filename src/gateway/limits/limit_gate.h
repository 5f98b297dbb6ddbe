// Applies the rate limits to one request: counts it or reserves a place, waits for one, and renders
// the RateLimit fields of the nearest limit.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "gateway/limits/limit.h"
#include "gateway/limits/limit_store.h"
#include "http/response.h"

namespace merlon::gateway {

// The limits a request has passed. Every reservation in it is settled once.
struct LimitTicket {
    static constexpr std::size_t limits_max = LimitStore::claims_max;

    std::string client;
    std::array<LimitClaim, limits_max> reservations;  // to settle
    std::size_t reservation_count = 0;
    const Limit* nearest = nullptr;  // null: no limit covers the request
    LimitState state;                // of the nearest
};

// Of one worker.
class LimitGate final {
public:
    // How long an attempt waits for another one to settle before it is refused.
    static constexpr std::chrono::seconds wait_max{5};

    // Borrows all. The table gives keys, whatever the store is.
    LimitGate(const LimitTable& table, LimitStore& store, const Clock& clock,
              metrics::Registry& metrics, Executor executor)
        : table_(table), store_(store), clock_(clock), metrics_(metrics), executor_(executor) {}

    // Creates the metric of every limit at 0, so that its first refusal shows as an increase.
    void create_counters(std::span<const Limit> limits);

    // Counts the request under every limit that covers it and fills `ticket`, which lives in the
    // caller's frame. `now` is when it was received. Errors: "limit.exceeded", "limit.auth"
    // (Exhausted, with RetryAfter).
    Task<> admit(std::span<const Limit> limits, LimitedPath path, CountedAs counted_as,
                 std::string client, SteadyTime now, LimitTicket& ticket);
    // After the response. A success is not counted where the limit skips those.
    void settle(LimitTicket& ticket, int status);

    // RateLimit-* of the nearest limit.
    static void add_fields(const LimitTicket& ticket, http::FieldLines& fields);

private:
    metrics::Counter& refused_by(const Limit& limit);
    struct Waiter;
    // Requests that wait for a reservation, first in, first out. Shared with the waiters: a stopped
    // loop destroys them after the gate.
    struct WaitQueues {
        std::unordered_map<std::uint64_t, std::deque<Waiter*>> by_key;
        void wake_first(std::uint64_t key);
    };

    Task<> admit_under(std::span<LimitClaim> claims, SteadyTime now, LimitTicket& ticket);
    Task<> wait_for_capacity(LimitClaim* claim, std::string_view client);
    Result<> apply(const LimitClaim& claim, LimitTicket& ticket);

    const LimitTable& table_;
    LimitStore& store_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    Executor executor_;
    std::shared_ptr<WaitQueues> queues_ = std::make_shared<WaitQueues>();
};

}  // namespace merlon::gateway
