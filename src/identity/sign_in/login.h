// Logs a user in: a password begins a session.
#pragma once

#include "api/local_service.h"
#include "identity/accounts/accounts.h"
#include "identity/keys/access_tokens.h"
#include "identity/passwords/known_clients.h"
#include "identity/passwords/password_check.h"
#include "identity/revocation/revocation_publisher.h"
#include "identity/sessions/session_starter.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// No such account, or another password (Unknown).
inline constexpr std::string_view wrong_credentials_rule = "credentials.wrong";
// By an operator (Denied).
inline constexpr std::string_view account_locked_rule = "account.locked";

// Safe from every thread. Borrows all for its life.
class Login final {
public:
    Login(storage::Database& database, Accounts& accounts, PasswordPool& passwords,
          PasswordCheck& password_check, const KnownClients& known_clients,
          SessionStarter& sessions, AccountEvents& events, AccessTokens& access_tokens,
          const CurrentTokenPolicy& policy, RevocationPublisher& revocations,
          events::Refusals& refusals)
        : database_(database),
          accounts_(accounts),
          passwords_(passwords),
          password_check_(password_check),
          known_clients_(known_clients),
          sessions_(sessions),
          events_(events),
          access_tokens_(access_tokens),
          policy_(policy),
          revocations_(revocations),
          refusals_(refusals) {}

    // Errors: wrong_credentials_rule, "limit.auth"
    // (Exhausted: too many wrong passwords), account_locked_rule (the
    // password was right), "account.changed" (Conflict: try again), and those of
    // LoginForm, PasswordCheck, Database and KeyStore.
    Task<http::Response> login(api::LocalCall call);

private:
    storage::Database& database_;
    Accounts& accounts_;
    PasswordPool& passwords_;
    PasswordCheck& password_check_;
    const KnownClients& known_clients_;
    SessionStarter& sessions_;
    AccountEvents& events_;
    AccessTokens& access_tokens_;
    const CurrentTokenPolicy& policy_;
    RevocationPublisher& revocations_;
    events::Refusals& refusals_;
};

}  // namespace merlon::identity
