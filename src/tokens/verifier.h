// Decides whether an access token is genuine and for us.
#pragma once

#include <memory>

#include "crypto/mac.h"
#include "tokens/access_token.h"

namespace merlon::tokens {

// Immutable; shared by all workers inside a configuration snapshot.
class Verifier final {
public:
    // HS256 with a secret of at least 32 bytes. Borrows `roles` for life.
    // Errors: "tokens.secret" (too short, or a sample everybody knows).
    static Result<Verifier> with_secret(const Secret& secret, ClaimRules rules,
                                        const access::Roles& roles);

    // Errors: "jose.…" (Invalid), "token.algorithm", "token.key", "token.signature" (Unknown), and
    // those of parse_access_claims. The algorithm is the key's, whatever the header says.
    Result<AccessToken> verify_access(std::string_view token, WallTime now) const;

private:
    Verifier(const Secret& secret, ClaimRules rules, const access::Roles& roles)
        : mac_(secret), rules_(std::move(rules)), roles_(&roles) {}

    crypto::HmacSha256 mac_;
    ClaimRules rules_;
    const access::Roles* roles_;
};

}  // namespace merlon::tokens
