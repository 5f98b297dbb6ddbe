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

Task<LimitState> LimitGate::reserve(std::uint64_t key, LimitRule rule) {
    const auto is_decided = [](const LimitTable::Reservation& reservation) {
        return reservation.state.allowed || reservation.is_full;
    };
    auto reservation = table_.reserve(key, rule, seconds(clock_.steady()));
    if (is_decided(reservation)) co_return reservation.state;
    // Full of attempts whose outcome is not known: one of them may turn out to be a success. Only
    // the first in line asks again, when one of this worker's has settled and, for those of the
    // others, now and then: thousands that wait together must not keep the loop busy.
    const SteadyTime end = clock_.steady() + wait_max;
    {
        Waiter waiter(lines_, key, executor_);
        for (std::chrono::milliseconds delay{25};;) {
            const bool is_first = waiter.is_first();
            waiter.pause.expires_after(is_first ? delay : wait_max);
            if (is_first) delay = std::min(delay * 2, std::chrono::milliseconds{400});
            co_await waiter.pause.async_wait(as_result);
            const bool is_late = clock_.steady() >= end;
            if (!waiter.is_first() && !is_late) continue;
            reservation = table_.reserve(key, rule, seconds(clock_.steady()));
            if (is_decided(reservation) || is_late) break;
        }
    }
    lines_->call_first(key);
    co_return reservation.state;
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
            refused_by(limit).add();
            co_return fail(Kind::Exhausted, limit.broken_rule, limit.name,
                           RetryAfter{std::chrono::seconds{state.reset_seconds}});
        }
    }
    co_return Result<>{};
}

void LimitGate::announce(const Snapshot& snapshot) {
    for (const Limit& limit : snapshot.limits) refused_by(limit);
}

metrics::Counter& LimitGate::refused_by(const Limit& limit) {
    return metrics_.counter("merlon_rate_limited", "requests refused by a limit",
                            {{"limit", limit.name}});
}

void LimitGate::settle(LimitTicket& ticket, int status) {
    const auto outcome = status < 400 ? LimitTable::Outcome::Forgiven : LimitTable::Outcome::Counts;
    for (std::size_t i = 0; i < ticket.hold_count; ++i) {
        const auto& [key, rule] = ticket.holds[i];
        table_.settle(key, rule, outcome, seconds(clock_.steady()));
        lines_->call_first(key);
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
