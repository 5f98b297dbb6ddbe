// Verifies a password and counts the attempt against the account, whichever use case it comes from:
// a stolen token must not be a way to try passwords without limit.
#pragma once

#include <string>

#include "events/refusals.h"
#include "identity/passwords/login_attempts.h"
#include "identity/passwords/password_pool.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life.
class PasswordCheck final {
public:
    PasswordCheck(PasswordPool& passwords, LoginAttempts& attempts, events::Refusals& refusals)
        : passwords_(passwords), attempts_(attempts), refusals_(refusals) {}

    // The attempt counts against `origin`. Empty `encoded`: there is no such account; the verdict
    // is no, at the same cost. Reports a wrong password, and the lock it may cause. Errors: those
    // of LoginAttempts::begin() and PasswordPool::verify().
    Task<crypto::PasswordVerdict> verify(LoginOrigin origin, Secret password, std::string encoded,
                                         std::string client);

private:
    Task<crypto::PasswordVerdict> verify_each_form(Secret password, std::string encoded);

    PasswordPool& passwords_;
    LoginAttempts& attempts_;
    events::Refusals& refusals_;
};

}  // namespace merlon::identity
