// Runs LoginProtection's steps as scripts in Redis.
#include "identity/passwords/redis_login_attempts.h"

#include <algorithm>

#include "base/text.h"
#include "identity/passwords/login_attempt_scripts.h"

namespace merlon::identity {
namespace {

using std::chrono::milliseconds;
using Verdict = LoginProtection::Verdict;

// An attempt that is not settled by then is a killed process's. Longer than a log-in may take.
constexpr milliseconds held_longest = std::chrono::minutes{1};
// Failures and locks of an account without an attempt for a day are forgotten; a table of this
// process forgets the least recent ones instead.
constexpr milliseconds remembered = std::chrono::hours{24};

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
    const milliseconds wait{std::clamp<std::int64_t>(
        wait_ms, 1'000, milliseconds(LoginProtection::longest_lock).count())};
    return std::chrono::ceil<std::chrono::seconds>(wait);
}

}  // namespace

RedisLoginAttempts::RedisLoginAttempts(redis::SharedRedis& redis, const sealing::KeyStore& keys,
                                       const Clock& clock, Entropy& entropy)
    : local_(clock), redis_(redis), keys_(keys), last_reservation_(random_number(entropy)) {}

std::string RedisLoginAttempts::key_of(const std::string& account) const {
    return "guesses:" + text::to_base64url(keys_.blind_index("login.guesses", account));
}

// A lock of this process's own holds, too: a Redis that accepts attempts and loses their outcomes
// would otherwise allow any number.
Task<LoginAttempt> RedisLoginAttempts::begin(std::string account) {
    MERLON_CO_TRY(local_.check(account));
    const std::uint64_t reservation = ++last_reservation_;
    const auto response =
        co_await redis_.ask(begin_attempt_script, {key_of(account), std::to_string(reservation),
                                                   std::to_string(LoginProtection::failures_max),
                                                   text_of(held_longest), text_of(remembered)});
    if (!response) co_return co_await local_.begin(std::move(account));
    if ((*response)[0] == 1) co_return LoginAttempt{std::move(account), true, reservation};
    co_return LoginProtection::refuse(delay_of((*response)[1]));
}

// An attempt that cannot be settled in Redis counts here, where attempts are counted from now on;
// in Redis it expires.
Task<bool> RedisLoginAttempts::end(LoginAttempt attempt, Verdict verdict) {
    if (!attempt.is_shared) co_return co_await local_.end(std::move(attempt), verdict);
    const auto response = co_await redis_.ask(
        end_attempt_script,
        {key_of(attempt.account), std::to_string(attempt.reservation),
         std::string(word_of(verdict)), std::to_string(LoginProtection::failures_max),
         text_of(LoginProtection::first_lock), text_of(LoginProtection::longest_lock),
         text_of(remembered)});
    if (response) co_return (*response)[0] == 1;
    auto here = co_await local_.begin(std::move(attempt.account));
    if (!here) co_return false;  // it is locked already
    co_return co_await local_.end(*std::move(here), verdict);
}

}  // namespace merlon::identity
