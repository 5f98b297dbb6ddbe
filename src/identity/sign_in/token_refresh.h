// Exchanges a refresh token for new tokens. Each is good once. The one before gets the same
// successor again until that successor is used: its response may have been lost. The use of an
// older one ends its session, since it was stolen from its owner or by them.
#pragma once

#include "api/local_service.h"
#include "base/metrics.h"
#include "events/refusals.h"
#include "identity/accounts/accounts.h"
#include "identity/keys/access_tokens.h"
#include "identity/revocation/revocation_publisher.h"
#include "identity/sessions/session_store.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life.
class TokenRefresh final {
public:
    TokenRefresh(storage::Database& database, Accounts& accounts, AccountEvents& events,
                 AccessTokens& access_tokens, const CurrentTokenPolicy& policy,
                 RevocationPublisher& revocations, events::Refusals& refusals, const Clock& clock,
                 Entropy& entropy, metrics::Registry& metrics)
        : database_(database),
          accounts_(accounts),
          events_(events),
          access_tokens_(access_tokens),
          policy_(policy),
          revocations_(revocations),
          refusals_(refusals),
          clock_(clock),
          entropy_(entropy),
          late_repeats_(metrics.counter(
              "merlon_refresh_late_repeats",
              "refresh tokens that came again after tokens.reuse_grace, before their successor was "
              "used: responses that were lost, or a thief who is as fast as the owner")) {}

    // Errors: "refresh.invalid" (Unknown), and those of RefreshForm, Database and KeyStore.
    Task<http::Response> refresh(api::LocalCall call);

private:
    struct Exchange;
    Result<Exchange> prepare(const std::string& presented_text, WallTime now);

    storage::Database& database_;
    Accounts& accounts_;
    AccountEvents& events_;
    AccessTokens& access_tokens_;
    const CurrentTokenPolicy& policy_;
    RevocationPublisher& revocations_;
    events::Refusals& refusals_;
    const Clock& clock_;
    Entropy& entropy_;
    metrics::Counter& late_repeats_;
};

}  // namespace merlon::identity
