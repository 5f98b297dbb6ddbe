// Counts log-in attempts: the port between a password check and the table of this process, or
// Redis.
#pragma once

#include "base/task.h"
#include "identity/passwords/login_protection.h"

namespace merlon::identity {

// An attempt that was let through, until its outcome is known.
struct LoginAttempt {
    LoginOrigin origin;
    bool is_shared = false;  // counted in Redis, and to be settled there
    std::uint64_t reservation = 0;
};

// Safe from every thread.
class LoginAttempts {
public:
    virtual ~LoginAttempts() = default;

    // As LoginProtection's, which says what is counted and when an account is locked. While Redis
    // is down, the process counts by itself. Error: "limit.auth" (Exhausted, RetryAfter), and
    // nothing else.
    virtual Task<LoginAttempt> begin(LoginOrigin origin) = 0;
    // True when this attempt locked the account, for its client or for all that are not known;
    // never fails.
    virtual Task<bool> end(LoginAttempt attempt, Verdict verdict) = 0;
};

}  // namespace merlon::identity
