// Lists and ends sessions: a user's own, and an operator's anybody's. Whatever ends a session
// writes its revocation and its event in one transaction; only then is success reported.
#pragma once

#include <optional>
#include <string>

#include "api/local_service.h"
#include "identity/keys/access_tokens.h"
#include "identity/revocation/revocation_publisher.h"
#include "identity/sessions/session_store.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life. Errors of all: those of Database and KeyStore.
class Sessions final {
public:
    Sessions(storage::Database& database, sealing::KeyStore& keys, AccountEvents& events,
             const AccessTokens& access_tokens, RevocationPublisher& revocations,
             const Clock& clock)
        : database_(database),
          keys_(keys),
          events_(events),
          access_tokens_(access_tokens),
          revocations_(revocations),
          clock_(clock) {}

    // The signed-in user's own. Error of end(): "session.absent" (Absent).
    Task<http::Response> logout(api::LocalCall call);
    Task<http::Response> logout_all(api::LocalCall call);
    Task<http::Response> list(api::LocalCall call);
    Task<http::Response> end(api::LocalCall call);

    // An operator's. A user's sessions as a JSON array, the last seen first.
    Task<std::string> list_of(std::string user_id);
    // Error: "session.absent" (Absent).
    Task<> revoke(std::string session_id);

private:
    enum class Ending : std::uint8_t { Ended, Absent };

    // `current` is marked when there is one.
    Task<std::string> list_json(std::string user_id, std::optional<std::string> current);
    Task<Ending> end_one(std::string session_id, session_store::Tokens tokens, AccountEvent event);

    storage::Database& database_;
    sealing::KeyStore& keys_;
    AccountEvents& events_;
    const AccessTokens& access_tokens_;
    RevocationPublisher& revocations_;
    const Clock& clock_;
};

}  // namespace merlon::identity
