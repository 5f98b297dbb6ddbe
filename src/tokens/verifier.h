// Decides whether an access token is genuine and for us, or of an issuer we trust.
#pragma once

#include <memory>

#include "tokens/access_token.h"
#include "tokens/keyring.h"
#include "tokens/trusted_issuers.h"
#include "wire/compact_jose.h"

namespace merlon::tokens {

// Immutable; shared by all workers inside a configuration snapshot. Says nothing about revocation:
// ask Revocations at every use.
class Verifier final {
public:
    // `keys` may be null: we have none of our own. Borrows `roles` for life.
    Verifier(ClaimRules own, std::shared_ptr<const Keyring> keys, TrustedIssuers trusted,
             const access::Roles& roles)
        : own_(std::move(own)),
          keys_(std::move(keys)),
          trusted_(std::move(trusted)),
          roles_(&roles) {}

    // Errors: "jose.…" (Invalid), "token.key", "token.algorithm", "token.signature" (Unknown), and
    // those of parse_access_claims. The algorithm is the key's, whatever the header says.
    Result<AccessToken> verify_access(std::string_view token, WallTime now) const;

private:
    ClaimRules own_;
    std::shared_ptr<const Keyring> keys_;  // shared with identity, which signs with them
    TrustedIssuers trusted_;
    const access::Roles* roles_;
};

// Whether `key` made this signature. A token whose header names another algorithm than the key's
// is refused before the key sees it: so a public key is never taken for a MAC secret.
// Errors (Unknown): "token.algorithm", "token.signature".
Result<> check_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key);

}  // namespace merlon::tokens
