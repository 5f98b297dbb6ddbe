// Limits of one request.
#include "gateway/limit_gate.h"

namespace merlon::gateway {
namespace {

using Pause = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// What the table counts time in.
std::uint32_t seconds(SteadyTime time) {
    return static_cast<std::uint32_t>(
        std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

Task<LimitState> LimitGate::reserve(std::uint64_t key, LimitRule rule) {
    const SteadyTime end = clock_.steady() + wait_max;
    // Longer and longer: thousands of attempts that wait together must not keep the loop busy.
    for (std::chrono::milliseconds delay{25};;
         delay = std::min(delay * 2, std::chrono::milliseconds{400})) {
        const auto reservation = table_.reserve(key, rule, seconds(clock_.steady()));
        if (reservation.state.allowed || reservation.is_full || clock_.steady() >= end) {
            co_return reservation.state;
        }
        // Full of attempts whose outcome is not known: one of them may turn out to be a success.
        Pause pause(executor_, delay);
        co_await pause.async_wait(as_result);
    }
}

Task<> LimitGate::admit(const Snapshot& snapshot, std::string_view path, bool counts_as_service,
                        std::string client, SteadyTime now, LimitTicket& ticket) {
    for (const Limit& limit : snapshot.limits) {
        if (!limit.covers(path) && !(limit.covers_services && counts_as_service)) continue;
        const std::uint64_t key = table_.key_of(limit.id, client);
        LimitState state;
        if (limit.skips_successful) {
            state = MERLON_CO_TRY(co_await reserve(key, limit.rule));
            if (state.allowed && ticket.hold_count < LimitTicket::limits_max) {
                ticket.holds[ticket.hold_count++] = {key, limit.rule};
            }
        } else {
            state = table_.count(key, limit.rule, seconds(now));
        }
        if (ticket.nearest == nullptr || state.remaining < ticket.state.remaining ||
            !state.allowed) {
            ticket.nearest = &limit;
            ticket.state = state;
        }
        if (!state.allowed) {
            metrics_
                .counter("merlon_rate_limited", "requests refused by a limit",
                         {{"limit", limit.name}})
                .add();
            co_return fail(Kind::Exhausted, limit.broken_rule, limit.name,
                           RetryAfter{std::chrono::seconds{state.reset_seconds}});
        }
    }
    co_return Result<>{};
}

void LimitGate::settle(LimitTicket& ticket, int status) {
    const auto outcome = status < 400 ? LimitTable::Outcome::Forgiven : LimitTable::Outcome::Counts;
    for (std::size_t i = 0; i < ticket.hold_count; ++i) {
        table_.settle(ticket.holds[i].key, ticket.holds[i].rule, outcome, seconds(clock_.steady()));
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
