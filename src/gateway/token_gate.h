// The stage that turns a bearer token into a subject. A token is verified once, then cached, and
// checked for revocation at every request.
#pragma once

#include "gateway/request.h"
#include "tokens/key_wait.h"
#include "tokens/revocations.h"

namespace merlon::gateway {

// Of one worker.
class TokenGate final {
public:
    // Borrows all for life.
    TokenGate(const tokens::Revocations& revocations, const Clock& clock,
              metrics::Registry& metrics);

    // Keeps the token in `request`, which outlives the task, as `head` does. Waits only for a key
    // of a trusted issuer that may be on its way.
    // Errors: tokens::missing_token_rule, "token.revoked", those of Verifier::verify_access
    // (Unknown) and tokens::verify_when_keys_come, and "token.stale" (Unavailable: others may have
    // revoked it, and the route is closed then).
    Task<> admit(const wire::RequestHead& head, Request& request);

private:
    Task<> admit_later(std::shared_ptr<tokens::RemoteKeySet> set, std::string_view token,
                       Request& request);
    void keep(std::string_view token, tokens::AccessToken verified, Request& request);
    Result<> check_revocation(const Request& request) const;

    const tokens::Revocations& revocations_;
    const Clock& clock_;
    metrics::Counter& hits_;
    metrics::Counter& misses_;
};

}  // namespace merlon::gateway
