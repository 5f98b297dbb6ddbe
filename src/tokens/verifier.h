// Decides whether an access token is genuine and for us, or of an issuer we trust.
#pragma once

#include <memory>

#include "tokens/access_token.h"
#include "tokens/current_keys.h"
#include "tokens/trusted_issuers.h"
#include "wire/compact_jose.h"

namespace merlon::tokens {

// The request has no token (Unknown).
inline constexpr std::string_view missing_token_rule = "token.missing";
// The token's key is not among those we have (Unknown).
inline constexpr std::string_view unknown_key_rule = "token.key";

// Immutable; shared by all workers inside a configuration snapshot. Says nothing about revocation:
// ask Revocations at every use.
class Verifier final {
public:
    // Borrows `keys` and `roles` for life.
    Verifier(ClaimRules own, const CurrentKeys& keys, TrustedIssuers trusted,
             const access::Roles& roles)
        : own_(std::move(own)), keys_(&keys), trusted_(std::move(trusted)), roles_(&roles) {}

    // Errors: "jose.…" (Invalid), "token.key", "token.algorithm", "token.signature" (Unknown), and
    // those of parse_access_claims. The algorithm is the key's, whatever the header says.
    Result<AccessToken> verify_access(std::string_view token, WallTime now) const;

    // Changes when a key may be gone: what was verified before is to be verified again.
    std::uint64_t generation() const { return keys_->generation() + trusted_.generation(); }
    // Whether the key that verified this token of ours was retired since.
    bool has_lost_its_key(const AccessToken& token, WallTime now) const;

private:
    ClaimRules own_;
    const CurrentKeys* keys_;
    TrustedIssuers trusted_;
    const access::Roles* roles_;
};

// Whether `key` made this signature. A token whose header names another algorithm than the key's
// is refused before the key sees it: so a public key is never taken for a MAC secret.
// Errors (Unknown): "token.algorithm", "token.signature".
Result<> check_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key);

}  // namespace merlon::tokens
