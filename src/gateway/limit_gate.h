// Applies an installation's limits to one request: counts, reserves, waits, and says how near the
// nearest limit is.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "gateway/limit_table.h"
#include "gateway/snapshot.h"

namespace merlon::gateway {

// The limits a request has passed. Every reservation in it is settled once.
struct LimitTicket {
    static constexpr std::size_t limits_max = 8;

    struct Hold {
        std::uint64_t key;
        LimitRule rule;
    };
    std::array<Hold, limits_max> holds;  // reservations to settle
    std::size_t hold_count = 0;
    const Limit* nearest = nullptr;  // null: no limit covers the request
    LimitState state;                // of the nearest
};

// Of one worker.
class LimitGate final {
public:
    // How long an attempt waits for another one to settle before it is refused.
    static constexpr std::chrono::seconds wait_max{5};

    LimitGate(LimitTable& table, const Clock& clock, metrics::Registry& metrics, Executor executor)
        : table_(table), clock_(clock), metrics_(metrics), executor_(executor) {}

    // Makes the counter of every limit, so that its first refusal is an increase that can be seen.
    void announce(const Snapshot& snapshot);

    // Counts the request under every limit that covers it and fills `ticket`, which lives in the
    // caller's frame. `now` is when it came. `counts_as_service`: its route is one of a declared
    // service without limit: none, or there is no route for it.
    // Errors: "limit.exceeded", "limit.auth" (Exhausted, with RetryAfter).
    Task<> admit(const Snapshot& snapshot, std::string_view path, bool counts_as_service,
                 std::string client, SteadyTime now, LimitTicket& ticket);
    // After the answer. A success is forgiven where the limit skips those.
    void settle(LimitTicket& ticket, int status);

    // RateLimit-* of the nearest limit.
    static void add_fields(const LimitTicket& ticket, http::FieldLines& fields);

private:
    metrics::Counter& refused_by(const Limit& limit);
    struct Waiter;
    // Who waits for a reservation, in the order they came. Shared with those who wait: a stopped
    // loop destroys them after the gate.
    struct Lines {
        std::unordered_map<std::uint64_t, std::deque<Waiter*>> by_key;
        void call_first(std::uint64_t key);
    };

    Task<LimitState> reserve(std::uint64_t key, LimitRule rule);

    LimitTable& table_;
    const Clock& clock_;
    metrics::Registry& metrics_;
    Executor executor_;
    std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

}  // namespace merlon::gateway
