// Reserve an attempt, verify, settle the attempt, report.
#include "identity/passwords/password_check.h"

namespace merlon::identity {

Task<crypto::PasswordVerdict> PasswordCheck::verify(LoginOrigin origin, std::string password,
                                                    std::string encoded, std::string client) {
    using Verdict = LoginProtection::Verdict;
    const LoginAttempt attempt = MERLON_CO_TRY(co_await attempts_.begin(std::move(address)));
    const auto verdict = co_await passwords_.verify(std::move(password), std::move(encoded));
    if (!verdict) {
        MERLON_CO_TRY(co_await attempts_.end(attempt, Verdict::Unknown));
        co_return std::unexpected(verdict.error());
    }
    const bool is_locked = MERLON_CO_TRY(
        co_await attempts_.end(attempt, verdict->matches ? Verdict::Right : Verdict::Wrong));
    if (!verdict->matches) {
        refusals_.report({events::Type::FailedLoginAttempt, client, "/api/auth/login", {}});
    }
    if (is_locked) {
        refusals_.report({events::Type::AccountLocked, client, "/api/auth/login", {}});
    }
    co_return *verdict;
}

}  // namespace merlon::identity
