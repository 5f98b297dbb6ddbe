// Verifies the access token of a gateway's request. The gateway has verified it already; a role
// does it again, because an attacker with a gateway's certificate and key could act for every user
// otherwise.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/task.h"
#include "tokens/revocations.h"
#include "tokens/token_cache.h"
#include "tokens/verifier.h"

namespace merlon::rpc {

// Verifies tokens for a process that cannot: under HS256 only the gateway and auth hold the secret.
class TokenAuthority {
public:
    virtual ~TokenAuthority() = default;
    // Safe from every thread. Errors: those of Verifier::verify_access, "token.revoked", and
    // "upstream.…" when auth does not respond.
    virtual Task<> verify(std::string token) = 0;
};

// The rules and keys by which a process verifies tokens. Borrows all but the claims; shared by its
// workers.
struct TokenRules {
    tokens::ClaimRules claims;
    const tokens::Revocations& revocations;
    const tokens::CurrentKeys* keys = nullptr;  // null: `authority` verifies
    TokenAuthority* authority = nullptr;
    // Refuse tokens while revocations may be missing for this long; nothing: never.
    std::optional<std::chrono::seconds> closed_after;
};

// Of one worker: remembers what it has verified, until the token expires or our keys change.
class TokenCheck final {
public:
    // Borrows both for life.
    TokenCheck(const TokenRules& rules, const access::Roles& roles);

    // Errors: "token.missing", those of Verifier::verify_access, "token.revoked", "token.stale"
    // (Unavailable), and those of TokenAuthority.
    Task<tokens::TokenCache::Kept> verify(std::string token, WallTime now, SteadyTime steady_now);

private:
    Task<tokens::AccessToken> verify_afresh(std::string token, WallTime now);

    const TokenRules& rules_;
    const access::Roles& roles_;
    std::optional<tokens::Verifier> verifier_;  // where the process has keys
    tokens::TokenCache cache_{512};
    std::uint64_t keys_seen_ = 0;
};

}  // namespace merlon::rpc
