// Where guesses at passwords are counted: the port between a sign-in and the table of this process,
// or Redis.
#pragma once

#include <string>

#include "base/task.h"
#include "identity/passwords/login_protection.h"

namespace merlon::identity {

// A guess that was let through, until its outcome is known.
struct LoginAttempt {
    std::string account;
    bool is_shared = false;  // where it was counted, and has to be settled
    std::uint64_t reservation = 0;
};

// Safe from every thread.
class LoginAttempts {
public:
    virtual ~LoginAttempts() = default;

    // As LoginProtection's, which says what is counted and when an account is locked. A store that
    // is away is stood in for. Error: "limit.auth" (Exhausted, RetryAfter), and nothing else.
    virtual Task<LoginAttempt> begin(std::string account) = 0;
    // True when this guess locked the account; never fails.
    virtual Task<bool> end(LoginAttempt guess, LoginProtection::Verdict verdict) = 0;
};

}  // namespace merlon::identity
