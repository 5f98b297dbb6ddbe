// Registers an account and signs its owner in.
#pragma once

#include "api/local_service.h"
#include "identity/accounts/accounts.h"
#include "identity/keys/access_tokens.h"
#include "identity/passwords/known_clients.h"
#include "identity/passwords/password_pool.h"
#include "identity/sessions/session_starter.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life.
class Registration final {
public:
    Registration(storage::Database& database, Accounts& accounts, PasswordPool& passwords,
                 const KnownClients& known_clients, SessionStarter& sessions, AccountEvents& events,
                 AccessTokens& access_tokens, const CurrentTokenPolicy& policy, const Clock& clock,
                 Entropy& entropy)
        : database_(database),
          accounts_(accounts),
          passwords_(passwords),
          known_clients_(known_clients),
          sessions_(sessions),
          events_(events),
          access_tokens_(access_tokens),
          policy_(policy),
          clock_(clock),
          entropy_(entropy) {}

    // Errors: "account.email_taken" (Conflict), and those of RegisterForm, PasswordPool, Database
    // and KeyStore.
    Task<http::Response> register_account(api::LocalCall call);

private:
    storage::Database& database_;
    Accounts& accounts_;
    PasswordPool& passwords_;
    const KnownClients& known_clients_;
    SessionStarter& sessions_;
    AccountEvents& events_;
    AccessTokens& access_tokens_;
    const CurrentTokenPolicy& policy_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
