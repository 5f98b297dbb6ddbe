// Limits the log-in attempts at an account: those of each client for itself and, at a higher
// number, those of all clients together that nobody has signed in from. So a stranger who guesses
// locks himself out; a crowd of strangers locks out each other and the owner's new devices, and
// never a client that the owner has used before. An address without an account is limited in the
// same way: otherwise the difference would tell which accounts exist.
//
// The bound: a client has 10 guesses at an account, and all unknown clients together have 100,
// before a lock of a minute; the same again before each further lock, which is twice as long, an
// hour at most. So of any number of strangers no more than 100 guesses a minute are evaluated.
#pragma once

#include "identity/passwords/failure_table.h"
#include "identity/passwords/login_origin.h"

namespace merlon::identity {

// Safe from every thread.
class LoginProtection final {
public:
    static constexpr int client_failures_max = 10;
    static constexpr int account_failures_max = 100;

    explicit LoginProtection(const Clock& clock)
        : of_clients_(client_failures_max, clock), of_accounts_(account_failures_max, clock) {}

    // As FailureTable's three, of which they make an attempt at both limits.
    Result<> check(const LoginOrigin& origin) const;
    Result<> begin(const LoginOrigin& origin);
    bool end(const LoginOrigin& origin, Verdict verdict);

    // What an account's own limit makes of a verdict. A success clears it for nobody: else each of
    // the owner's sign-ins would give strangers another hundred guesses.
    static Verdict for_account(Verdict verdict) {
        return verdict == Verdict::Right ? Verdict::Unknown : verdict;
    }
    // An account as one client tries it.
    static std::string client_key(const LoginOrigin& origin) {
        return origin.account + '\0' + origin.client;
    }

private:
    FailureTable of_clients_;
    FailureTable of_accounts_;
};

}  // namespace merlon::identity
