// Runs FailureTable's steps as scripts in Redis, for the limit of the client and that of the
// account.
#include "identity/passwords/redis_login_attempts.h"

#include <algorithm>

#include "base/text.h"
#include "identity/passwords/login_attempt_scripts.h"

namespace merlon::identity {
namespace {

using std::chrono::milliseconds;

// An attempt that is not settled by then is a killed process's. Longer than a log-in may take.
constexpr milliseconds held_longest = std::chrono::minutes{1};

std::string text_of(milliseconds time) { return std::to_string(time.count()); }

std::string_view word_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Right:
            return "right";
        case Verdict::Wrong:
            return "wrong";
        case Verdict::Unknown:
            return "unknown";
    }
    MERLON_ASSERT(false);
}

std::uint64_t random_number(Entropy& entropy) {
    std::uint64_t number = 0;
    entropy.fill(std::as_writable_bytes(std::span(&number, 1)));
    return number;
}

// Never longer than a lock can be, whatever the other side responds.
std::chrono::seconds delay_of(std::int64_t wait_ms) {
    const milliseconds wait{
        std::clamp<std::int64_t>(wait_ms, 1'000, milliseconds(FailureTable::longest_lock).count())};
    return std::chrono::ceil<std::chrono::seconds>(wait);
}

}  // namespace

RedisLoginAttempts::RedisLoginAttempts(redis::SharedRedis& redis, const sealing::KeyStore& keys,
                                       const Clock& clock, Entropy& entropy)
    : local_(clock), redis_(redis), keys_(keys), last_reservation_(random_number(entropy)) {}

RedisLoginAttempts::Limit RedisLoginAttempts::client_limit(const LoginOrigin& origin) const {
    const std::string index =
        keys_.blind_index("login.guesses", LoginProtection::client_key(origin));
    return {"guesses:" + text::to_base64url(index), LoginProtection::client_failures_max};
}

RedisLoginAttempts::Limit RedisLoginAttempts::account_limit(const LoginOrigin& origin) const {
    const std::string index = keys_.blind_index("login.account_guesses", origin.account);
    return {"guesses:account:" + text::to_base64url(index), LoginProtection::account_failures_max};
}

Task<std::optional<RedisLoginAttempts::Begun>> RedisLoginAttempts::begin_at(
    Limit limit, std::uint64_t reservation) {
    const auto response = co_await redis_.ask(
        begin_attempt_script,
        {std::move(limit.key), std::to_string(reservation), std::to_string(limit.failures_max),
         text_of(held_longest), text_of(FailureTable::remembered)});
    if (!response) co_return std::optional<Begun>();
    co_return Begun{(*response)[0] == 1, delay_of((*response)[1])};
}

Task<std::optional<bool>> RedisLoginAttempts::end_at(Limit limit, std::uint64_t reservation,
                                                     Verdict verdict) {
    const auto response = co_await redis_.ask(
        end_attempt_script,
        {std::move(limit.key), std::to_string(reservation), std::string(word_of(verdict)),
         std::to_string(limit.failures_max), text_of(FailureTable::first_lock),
         text_of(FailureTable::longest_lock), text_of(FailureTable::remembered)});
    if (!response) co_return std::optional<bool>();
    co_return std::optional((*response)[0] == 1);
}

// A lock of this process's own holds, too: a Redis that accepts attempts and loses their outcomes
// would otherwise allow any number.
Task<LoginAttempt> RedisLoginAttempts::begin(LoginOrigin origin) {
    MERLON_CO_TRY(local_.check(origin));
    const std::uint64_t reservation = ++last_reservation_;
    const auto of_client = MERLON_CO_TRY(co_await begin_at(client_limit(origin), reservation));
    if (!of_client) co_return co_await local_.begin(std::move(origin));
    if (!of_client->is_begun) co_return FailureTable::refuse(of_client->wait);
    if (origin.is_known()) co_return LoginAttempt{std::move(origin), true, reservation};
    const auto of_account = MERLON_CO_TRY(co_await begin_at(account_limit(origin), reservation));
    if (!of_account) co_return co_await local_.begin(std::move(origin));
    if (of_account->is_begun) co_return LoginAttempt{std::move(origin), true, reservation};
    MERLON_CO_TRY(co_await end_at(client_limit(origin), reservation, Verdict::Unknown));
    co_return FailureTable::refuse(of_account->wait);
}

// An attempt that cannot be settled in Redis counts here, where attempts are counted from now on;
// in Redis it expires.
Task<bool> RedisLoginAttempts::end(LoginAttempt attempt, Verdict verdict) {
    if (!attempt.is_shared) co_return co_await local_.end(std::move(attempt), verdict);
    const auto is_locked = MERLON_CO_TRY(co_await end_shared(attempt, verdict));
    if (is_locked) co_return *is_locked;
    auto here = co_await local_.begin(std::move(attempt.origin));
    if (!here) co_return false;  // it is locked already
    co_return co_await local_.end(*std::move(here), verdict);
}

Task<std::optional<bool>> RedisLoginAttempts::end_shared(LoginAttempt attempt, Verdict verdict) {
    const auto locks_client =
        MERLON_CO_TRY(co_await end_at(client_limit(attempt.origin), attempt.reservation, verdict));
    if (!locks_client || attempt.origin.is_known()) co_return locks_client;
    const auto locks_account = MERLON_CO_TRY(co_await end_at(
        account_limit(attempt.origin), attempt.reservation, LoginProtection::for_account(verdict)));
    if (!locks_account) co_return locks_account;
    co_return std::optional(*locks_client || *locks_account);
}

}  // namespace merlon::identity
