// Limits of one request.
#include "gateway/limits/limit_gate.h"

namespace merlon::gateway {
namespace {

using Pause = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace

// An attempt that waits, in the line of its key. Lives in reserve()'s frame.
struct LimitGate::Waiter {
    Waiter(std::shared_ptr<Lines> all, std::uint64_t waits_for, Executor executor)
        : lines(std::move(all)), key(waits_for), pause(executor) {
        lines->by_key[key].push_back(this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        const auto line = lines->by_key.find(key);
        std::erase(line->second, this);
        if (line->second.empty()) lines->by_key.erase(line);
    }
    bool is_first() const { return lines->by_key.find(key)->second.front() == this; }

    std::shared_ptr<Lines> lines;
    std::uint64_t key;
    Pause pause;
};

void LimitGate::Lines::call_first(std::uint64_t key) {
    const auto line = by_key.find(key);
    if (line != by_key.end()) line->second.front()->pause.cancel();
}

// Full of attempts whose outcome is not known: one of them may turn out to be a success. Only the
// first in line asks again, when one of this worker's has settled and, for those of the others, now
// and then: thousands that wait together must not keep the loop busy.
Task<> LimitGate::wait_for_a_place(LimitClaim* claim, std::string_view client) {
    const SteadyTime end = clock_.steady() + wait_max;
    const std::uint64_t key = claim->key;
    {
        Waiter waiter(lines_, key, executor_);
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
    lines_->call_first(key);
    co_return Result<>{};
}

Result<> LimitGate::take(const LimitClaim& claim, LimitTicket& ticket) {
    const Limit& limit = *claim.limit;
    const LimitState& state = claim.state;
    if (limit.skips_successful && state.allowed && ticket.hold_count < LimitTicket::limits_max) {
        ticket.holds[ticket.hold_count++] = claim;
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
        const std::size_t asked = MERLON_CO_TRY(co_await store_.claim(claims, ticket.client, now));
        LimitClaim& last = claims[asked - 1];
        const bool may_get_a_place =
            !last.state.allowed && last.limit->skips_successful && !last.is_full;
        if (may_get_a_place) MERLON_CO_TRY(co_await wait_for_a_place(&last, ticket.client));
        for (const LimitClaim& claim : claims.first(asked)) MERLON_CO_TRY(take(claim, ticket));
        claims = claims.subspan(asked);
    }
    co_return Result<>{};
}

Task<> LimitGate::admit(std::span<const Limit> limits, std::string_view path,
                        bool counts_as_service, std::string client, SteadyTime now,
                        LimitTicket& ticket) {
    ticket.client = std::move(client);
    std::array<LimitClaim, LimitStore::claims_max> claims;
    std::size_t count = 0;
    for (const Limit& limit : limits) {
        if (!limit.covers(path) && !(limit.covers_services && counts_as_service)) continue;
        claims[count++] = {&limit, table_.key_of(limit.id, ticket.client)};
        if (count < claims.size()) continue;
        MERLON_CO_TRY(co_await admit_under(claims, now, ticket));
        count = 0;
    }
    co_return co_await admit_under(std::span(claims).first(count), now, ticket);
}

void LimitGate::announce(std::span<const Limit> limits) {
    for (const Limit& limit : limits) refused_by(limit);
}

metrics::Counter& LimitGate::refused_by(const Limit& limit) {
    return metrics_.counter("merlon_rate_limited", "requests refused by a limit",
                            {{"limit", limit.name}});
}

void LimitGate::settle(LimitTicket& ticket, int status) {
    const auto outcome = status < 400 ? LimitTable::Outcome::Forgiven : LimitTable::Outcome::Counts;
    for (std::size_t i = 0; i < ticket.hold_count; ++i) {
        store_.settle(ticket.holds[i], ticket.client, outcome);
        lines_->call_first(ticket.holds[i].key);
    }
    ticket.hold_count = 0;
}

void LimitGate::add_fields(const LimitTicket& ticket, http::FieldLines& fields) {
    if (ticket.nearest == nullptr) return;
    fields.add("RateLimit-Policy", ticket.nearest->policy);
    fields.add("RateLimit-Limit", ticket.nearest->rule.max);
    fields.add("RateLimit-Remaining", ticket.state.remaining);
    fields.add("RateLimit-Reset", ticket.state.reset_seconds);
}

}  // namespace merlon::gateway
