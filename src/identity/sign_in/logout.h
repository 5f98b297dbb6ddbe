// Logs out: ends the session of the access token or, where that has expired or is missing, of the
// refresh token. Whoever comes back after a day and signs out leaves no session behind.
#pragma once

#include "api/local_service.h"
#include "identity/keys/access_tokens.h"
#include "identity/revocation/revocation_publisher.h"
#include "identity/sessions/sessions.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life.
class Logout final {
public:
    Logout(storage::Database& database, Sessions& sessions, AccountEvents& events,
           const AccessTokens& access_tokens, const CurrentTokenPolicy& policy,
           RevocationPublisher& revocations, const Clock& clock)
        : database_(database),
          sessions_(sessions),
          events_(events),
          access_tokens_(access_tokens),
          policy_(policy),
          revocations_(revocations),
          clock_(clock) {}

    // Errors: why the access token is none, where no refresh token stands in for it;
    // "refresh.invalid" (Unknown); those of LogoutForm, Database and KeyStore.
    Task<http::Response> logout(api::LocalCall call);

private:
    Task<http::Response> end_by(std::string refresh_token, std::string client);

    storage::Database& database_;
    Sessions& sessions_;
    AccountEvents& events_;
    const AccessTokens& access_tokens_;
    const CurrentTokenPolicy& policy_;
    RevocationPublisher& revocations_;
    const Clock& clock_;
};

}  // namespace merlon::identity
