// Serves a signed-in user's own account: shows it, and changes the password.
#pragma once

#include "api/local_service.h"
#include "identity/accounts/accounts.h"
#include "identity/keys/access_tokens.h"
#include "identity/passwords/known_clients.h"
#include "identity/passwords/password_check.h"
#include "identity/revocation/revocation_publisher.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life. Errors of both: those of Database and KeyStore.
class OwnAccount final {
public:
    OwnAccount(storage::Database& database, Accounts& accounts, PasswordPool& passwords,
               PasswordCheck& password_check, const KnownClients& known_clients,
               AccountEvents& events, const AccessTokens& access_tokens,
               const CurrentTokenPolicy& policy, RevocationPublisher& revocations)
        : database_(database),
          accounts_(accounts),
          passwords_(passwords),
          password_check_(password_check),
          known_clients_(known_clients),
          events_(events),
          access_tokens_(access_tokens),
          policy_(policy),
          revocations_(revocations) {}

    // Error: "token.revoked" (Unknown: the account is gone).
    Task<http::Response> me(api::LocalCall call);
    // The user's other sessions end. Errors: "password.current" (Invalid, FieldErrors: it is
    // wrong), "account.changed" (Conflict), and those of PasswordCheck.
    Task<http::Response> change_password(api::LocalCall call);

private:
    storage::Database& database_;
    Accounts& accounts_;
    PasswordPool& passwords_;
    PasswordCheck& password_check_;
    const KnownClients& known_clients_;
    AccountEvents& events_;
    const AccessTokens& access_tokens_;
    const CurrentTokenPolicy& policy_;
    RevocationPublisher& revocations_;
};

}  // namespace merlon::identity
