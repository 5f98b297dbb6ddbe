// Runs claims and settlements as scripts.
#include "gateway/limits/redis_limits.h"

#include <charconv>

#include "base/spawn.h"
#include "gateway/limits/limit.h"
#include "gateway/limits/redis_limit_scripts.h"

namespace merlon::gateway {
namespace {

using redis::RedisCall;

// A limit's prefix and a client, which is an address.
std::string counter_key(const Limit& limit, std::string_view client) {
    std::string key;
    key.reserve(limit.shared_prefix.size() + client.size());
    key += limit.shared_prefix;
    key += client;
    return key;
}

// Decimal digits, without memory of their own.
class Number {
public:
    explicit Number(std::uint64_t number)
        : end_(std::to_chars(text_, text_ + sizeof text_, number).ptr) {}
    Number(const Number&) = delete;
    Number& operator=(const Number&) = delete;
    operator std::string_view() const { return {text_, end_}; }

private:
    char text_[20];
    char* end_;
};

// In the same slot of a cluster: what is in the braces decides.
std::string held_key(std::string_view key) {
    std::string text = "{";
    text += key;
    text += "}:held";
    return text;
}

std::uint64_t milliseconds(std::uint32_t seconds) { return std::uint64_t{seconds} * 1'000; }

std::uint64_t random_number(Entropy& entropy) {
    std::uint64_t number = 0;
    entropy.fill(std::as_writable_bytes(std::span(&number, 1)));
    return number;
}

}  // namespace

RedisLimits::RedisLimits(LimitTable& table, const Clock& clock, Entropy& entropy,
                         redis::RedisServer& server, net::Deadlines& deadlines, Executor executor)
    : local_(table, clock),
      client_(server, deadlines, executor, clock, limit_scripts, limit_probe),
      last_reservation_(random_number(entropy)) {}

Task<std::size_t> RedisLimits::claim(std::span<LimitClaim> claims, std::string_view client,
                                     SteadyTime now) {
    if (client_.is_away()) return local_.claim(claims, client, now);
    return claim_shared(claims, client, now);
}

bool RedisLimits::send(LimitClaim& claim, std::string_view client, RedisCall& call) {
    call = {};
    const Limit& limit = *claim.limit;
    const std::string key = counter_key(limit, client);
    const Number window(milliseconds(limit.rule.window_seconds));
    if (!limit.skips_successful) {
        const std::string_view words[] = {key, window};
        return client_.ask(count_script, words, &call);
    }
    claim.reservation = ++last_reservation_;
    const std::string held = held_key(key);
    const Number max(limit.rule.max);
    const Number reservation(claim.reservation);
    const std::string_view words[] = {key, held, window, max, reservation, held_longest_ms};
    return client_.ask(reserve_script, words, &call);
}

// Counted, milliseconds left; of a reservation also whether it was made, and the held.
void RedisLimits::read_result(LimitClaim& claim, const RedisCall& call) {
    const auto counted = static_cast<std::uint64_t>(std::max<std::int64_t>(call.numbers[0], 0));
    const auto left_ms = std::max<std::int64_t>(call.numbers[1], 0);
    const std::uint32_t max = claim.limit->rule.max;
    claim.is_shared = true;
    claim.state.remaining = max - static_cast<std::uint32_t>(std::min<std::uint64_t>(max, counted));
    claim.state.reset_seconds =
        static_cast<std::uint32_t>(std::min<std::int64_t>((left_ms + 999) / 1'000, UINT32_MAX));
    if (!claim.limit->skips_successful) {
        claim.state.allowed = counted <= max;
        return;
    }
    claim.state.allowed = call.numbers[2] == 1;
    const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(call.numbers[3], 0));
    claim.is_full = counted >= max + held;
}

Task<std::size_t> RedisLimits::claim_shared(std::span<LimitClaim> claims, std::string_view client,
                                            SteadyTime now) {
    if (!co_await client_.ready()) co_return local_.claim_now(claims, now);
    // All in one round trip. Claims after the first refusal are undone.
    std::array<RedisCall, claims_max> calls;
    std::size_t sent = 0;
    while (sent < claims.size() && send(claims[sent], client, calls[sent])) ++sent;
    for (std::size_t i = 0; i < sent; ++i) {
        co_await redis::RedisClient::answer_to(calls[i]);
        // A server that had lost its scripts has them again by now.
        if (calls[i].outcome == RedisCall::Outcome::Unknown && send(claims[i], client, calls[i])) {
            co_await redis::RedisClient::answer_to(calls[i]);
        }
    }
    std::size_t made = 0;
    while (made < claims.size()) {
        LimitClaim& claim = claims[made];
        if (made < sent && calls[made].outcome == RedisCall::Outcome::Answered) {
            read_result(claim, calls[made]);
        } else {
            local_.claim_now({&claim, 1}, now);
        }
        ++made;
        if (!claim.state.allowed) break;
    }
    for (std::size_t i = made; i < sent; ++i) {
        if (calls[i].outcome != RedisCall::Outcome::Answered) continue;
        read_result(claims[i], calls[i]);
        const bool is_counted = !claims[i].limit->skips_successful || claims[i].state.allowed;
        if (is_counted) settle(claims[i], client, LimitTable::Outcome::Forgiven);
    }
    co_return made;
}

void RedisLimits::settle(const LimitClaim& claim, std::string_view client,
                         LimitTable::Outcome outcome) {
    if (!claim.is_shared) return local_.settle(claim, client, outcome);
    spawn(client_.executor(),
          settle_shared(counter_key(*claim.limit, client), claim.limit->rule.window_seconds,
                        claim.reservation, outcome));
}

// A lost settlement leaves the success counted, which errs on the safe side.
Task<> RedisLimits::settle_shared(std::string key, std::uint32_t window_seconds,
                                  std::uint64_t reservation, LimitTable::Outcome outcome) {
    const std::string held = held_key(key);
    const Number window(milliseconds(window_seconds));
    const Number id(reservation);
    const std::string_view words[] = {key, held, window, id,
                                      outcome == LimitTable::Outcome::Forgiven ? "1" : "0"};
    for (int attempt = 0; attempt < 2; ++attempt) {
        MERLON_CO_TRY(co_await client_.ready());
        RedisCall call;
        if (!client_.ask(settle_script, words, &call)) break;
        co_await redis::RedisClient::answer_to(call);
        if (call.outcome != RedisCall::Outcome::Unknown) break;
    }
    co_return Result<>{};
}

}  // namespace merlon::gateway
