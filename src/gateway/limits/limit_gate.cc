// Counts one request under its limits, and queues it while a limit is full of reservations.
#include "gateway/limits/limit_gate.h"

namespace merlon::gateway {
namespace {

using Pause = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace

// A waiter in the queue of its key. Lives in wait_for_capacity()'s frame.
struct LimitGate::Waiter {
    Waiter(std::shared_ptr<WaitQueues> all, std::uint64_t waits_for, Executor executor)
        : queues(std::move(all)), key(waits_for), pause(executor) {
        queues->by_key[key].push_back(this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        const auto queue = queues->by_key.find(key);
        std::erase(queue->second, this);
        if (queue->second.empty()) queues->by_key.erase(queue);
    }
    bool is_first() const { return queues->by_key.find(key)->second.front() == this; }

    std::shared_ptr<WaitQueues> queues;
    std::uint64_t key;
    Pause pause;
};

void LimitGate::WaitQueues::wake_first(std::uint64_t key) {
    const auto queue = by_key.find(key);
    if (queue != by_key.end()) queue->second.front()->pause.cancel();
}

// The limit is full of attempts whose outcome is unknown; one of them may be a success. Only the
// oldest waiter tries again: when a reservation of this worker is settled and, for those of other
// workers, with back-off. Thousands of waiters must not keep the loop busy.
Task<> LimitGate::wait_for_capacity(LimitClaim* claim, std::string_view client) {
    const SteadyTime end = clock_.steady() + wait_max;
    const std::uint64_t key = claim->key;
    {
        Waiter waiter(queues_, key, executor_);
        for (std::chrono::milliseconds delay{25};;) {
            const bool is_first = waiter.is_first();
            waiter.pause.expires_after(is_first ? delay : wait_max);
            if (is_first) delay = std::min(delay * 2, std::chrono::milliseconds{400});
            co_await waiter.pause.async_wait(as_result);
            const bool is_late = clock_.steady() >= end;
            if (!waiter.is_first() && !is_late) continue;
            MERLON_CO_TRY(co_await store_.claim({claim, 1}, client, clock_.steady()));
            if (claim->state.allowed || claim->is_full || is_late) break;
        }
    }
    queues_->wake_first(key);
    co_return Result<>{};
}

Result<> LimitGate::apply(const LimitClaim& claim, LimitTicket& ticket) {
    const Limit& limit = *claim.limit;
    const LimitState& state = claim.state;
    if (limit.skips_successful && state.allowed &&
        ticket.reservation_count < LimitTicket::limits_max) {
        ticket.reservations[ticket.reservation_count++] = claim;
    }
    if (ticket.nearest == nullptr || state.remaining < ticket.state.remaining || !state.allowed) {
        ticket.nearest = &limit;
        ticket.state = state;
    }
    if (state.allowed) return {};
    refused_by(limit).add();
    return fail(Kind::Exhausted, limit.broken_rule, limit.name,
                RetryAfter{std::chrono::seconds{state.reset_seconds}});
}

Task<> LimitGate::admit_under(std::span<LimitClaim> claims, SteadyTime now, LimitTicket& ticket) {
    while (!claims.empty()) {
        const std::size_t tried = MERLON_CO_TRY(co_await store_.claim(claims, ticket.client, now));
        LimitClaim& last = claims[tried - 1];
        const bool may_get_capacity =
            !last.state.allowed && last.limit->skips_successful && !last.is_full;
        if (may_get_capacity) MERLON_CO_TRY(co_await wait_for_capacity(&last, ticket.client));
        for (const LimitClaim& claim : claims.first(tried)) MERLON_CO_TRY(apply(claim, ticket));
        claims = claims.subspan(tried);
    }
    co_return Result<>{};
}

Task<> LimitGate::admit(std::span<const Limit> limits, LimitedPath path, CountedAs counted_as,
                        std::string client, SteadyTime now, LimitTicket& ticket) {
    ticket.client = std::move(client);
    std::array<LimitClaim, LimitStore::claims_max> claims;
    std::size_t count = 0;
    for (const Limit& limit : limits) {
        if (!limit.covers(path, counted_as)) continue;
        claims[count++] = {&limit, table_.key_of(limit.id, ticket.client)};
        if (count < claims.size()) continue;
        MERLON_CO_TRY(co_await admit_under(claims, now, ticket));
        count = 0;
    }
    co_return co_await admit_under(std::span(claims).first(count), now, ticket);
}

void LimitGate::create_counters(std::span<const Limit> limits) {
    for (const Limit& limit : limits) refused_by(limit);
}

metrics::Counter& LimitGate::refused_by(const Limit& limit) {
    return metrics_.counter("merlon_rate_limited", "requests refused by a limit",
                            {{"limit", limit.name}});
}

void LimitGate::settle(LimitTicket& ticket, int status) {
    const auto outcome = status < 400 ? LimitTable::Outcome::Forgiven : LimitTable::Outcome::Counts;
    for (std::size_t i = 0; i < ticket.reservation_count; ++i) {
        store_.settle(ticket.reservations[i], ticket.client, outcome);
        queues_->wake_first(ticket.reservations[i].key);
    }
    ticket.reservation_count = 0;
}

void LimitGate::add_fields(const LimitTicket& ticket, http::FieldLines& fields) {
    if (ticket.nearest == nullptr) return;
    fields.add("RateLimit-Policy", ticket.nearest->policy);
    fields.add("RateLimit-Limit", ticket.nearest->rule.max);
    fields.add("RateLimit-Remaining", ticket.state.remaining);
    fields.add("RateLimit-Reset", ticket.state.reset_seconds);
}

}  // namespace merlon::gateway
