// Counts log-in attempts in this process alone.
#pragma once

#include "identity/passwords/login_attempts.h"

namespace merlon::identity {

class LocalLoginAttempts final : public LoginAttempts {
public:
    explicit LocalLoginAttempts(const Clock& clock) : protection_(clock) {}

    // Whether this process has locked the account. Error: "limit.auth" (Exhausted, RetryAfter).
    Result<> check(const std::string& account) const { return protection_.check(account); }

    Task<LoginAttempt> begin(std::string account) override {
        if (Result<> begun = protection_.begin(account); !begun) {
            return std::unexpected(std::move(begun).error());
        }
        return Result<LoginAttempt>(LoginAttempt{std::move(account)});
    }
    Task<bool> end(LoginAttempt attempt, LoginProtection::Verdict verdict) override {
        return Result<bool>(protection_.end(attempt.account, verdict));
    }

private:
    LoginProtection protection_;
};

}  // namespace merlon::identity
