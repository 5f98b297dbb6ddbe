// Remembers from which clients somebody has signed in to an account, over restarts and for all auth
// processes: others' guesses at the account do not lock those clients out. A client is stored as a
// keyed index of the account's address and its own: nobody without the key learns who signs in from
// where.
#pragma once

#include "base/clock.h"
#include "identity/passwords/login_origin.h"
#include "sealing/key_store.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life.
class KnownClients final {
public:
    // A client is forgotten when nobody has signed in from it for so long.
    static constexpr std::chrono::milliseconds remembered = std::chrono::days{90};
    // Clients of an account; one more forgets the oldest.
    static constexpr std::int64_t per_account_max = 50;

    // An IPv6 client is a network of `ipv6_prefix` bits, as the limits count it.
    KnownClients(storage::Database& database, const sealing::KeyStore& keys, const Clock& clock,
                 int ipv6_prefix)
        : database_(database), keys_(keys), clock_(clock), ipv6_prefix_(ipv6_prefix) {}

    // `account` is a canonical e-mail address, `client` an address. The same one read whether there
    // is such an account or not. Errors: those of Database.
    Task<LoginOrigin> look_up(std::string account, std::string client) const;

    // A sign-in from there, as part of its transaction. It writes no more than once a day.
    struct SignIn {
        LoginOrigin origin;
        std::string account_id;
        std::int64_t now;
    };
    SignIn sign_in(LoginOrigin origin, std::string account_id) const;
    static Task<> remember(storage::Transaction& transaction, SignIn sign_in);

    // Deletes the clients that were last signed in from before a time. Borrows the database for the
    // task. Errors: those of Database.
    static Task<> delete_expired(storage::Database* database, std::int64_t before);

private:
    storage::Database& database_;
    const sealing::KeyStore& keys_;
    const Clock& clock_;
    const int ipv6_prefix_;
};

}  // namespace merlon::identity
