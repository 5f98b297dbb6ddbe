// The stage that turns a bearer token into a subject. A token is verified once, then cached, and
// checked for revocation at every request.
#pragma once

#include "gateway/request.h"
#include "tokens/revocations.h"

namespace merlon::gateway {

// Of one worker.
class TokenGate final {
public:
    TokenGate(const tokens::Revocations& revocations, metrics::Registry& metrics);

    // Keeps the token in `request`; the subject lives as long.
    // Errors: tokens::missing_token_rule, "token.revoked", those of Verifier::verify_access
    // (Unknown), and "token.stale" (Unavailable: others may have revoked it, and the route is
    // closed then).
    Result<const access::Subject*> admit(const wire::RequestHead& head, Request& request);

private:
    Result<> check_revocation(const Request& request) const;

    const tokens::Revocations& revocations_;
    metrics::Counter& hits_;
    metrics::Counter& misses_;
};

}  // namespace merlon::gateway
