// Prepares the session that a sign-in begins: its sealed row and its first refresh token.
#pragma once

#include <string>

#include "base/entropy.h"
#include "identity/keys/token_policy.h"
#include "identity/sessions/session_store.h"
#include "sealing/key_store.h"

namespace merlon::identity {

// A session that is not stored yet.
struct StartedSession {
    SealedSession row;
    std::string refresh_token;
};

// Safe from every thread. Borrows all for its life.
class SessionStarter final {
public:
    SessionStarter(sealing::KeyStore& keys, const CurrentTokenPolicy& policy, const Clock& clock,
                   Entropy& entropy)
        : keys_(keys), policy_(policy), clock_(clock), entropy_(entropy) {}

    // `client` is an address, `agent` what the client calls itself. Errors: those of KeyStore.
    Task<StartedSession> start(std::string user_id, std::string client, std::string agent);

private:
    sealing::KeyStore& keys_;
    const CurrentTokenPolicy& policy_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
