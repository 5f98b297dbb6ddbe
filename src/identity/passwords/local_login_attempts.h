// Counts log-in attempts in this process alone.
#pragma once

#include "identity/passwords/login_attempts.h"

namespace merlon::identity {

class LocalLoginAttempts final : public LoginAttempts {
public:
    explicit LocalLoginAttempts(const Clock& clock) : protection_(clock) {}

    // Whether this process has locked the account. Error: "limit.auth" (Exhausted, RetryAfter).
    Result<> check(const LoginOrigin& origin) const { return protection_.check(origin); }

    Task<LoginAttempt> begin(LoginOrigin origin) override {
        if (Result<> begun = protection_.begin(origin); !begun) {
            return std::unexpected(std::move(begun).error());
        }
        return Result<LoginAttempt>(LoginAttempt{std::move(origin)});
    }
    Task<bool> end(LoginAttempt attempt, Verdict verdict) override {
        return Result<bool>(protection_.end(attempt.origin, verdict));
    }

private:
    LoginProtection protection_;
};

}  // namespace merlon::identity
