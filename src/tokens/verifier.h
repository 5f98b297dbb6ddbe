// Decides whether an access token is genuine and for us, or of an issuer we trust.
#pragma once

#include <memory>

#include "tokens/access_token.h"
#include "tokens/current_keys.h"
#include "tokens/signature_check.h"
#include "tokens/trusted_issuers.h"
#include "wire/compact_jose.h"

namespace merlon::tokens {

// The request has no token (Unknown).
inline constexpr std::string_view missing_token_rule = "token.missing";
// Immutable; shared by all workers inside a configuration snapshot. Says nothing about revocation:
// ask Revocations at every use.
class Verifier final {
public:
    // Borrows `keys` and `roles` for life.
    Verifier(ClaimRules own, const CurrentKeys& keys, TrustedIssuers trusted,
             const access::Roles& roles)
        : own_(std::move(own)), keys_(&keys), trusted_(std::move(trusted)), roles_(&roles) {}

    // Errors: "jose.…" (Invalid), unknown_key_rule, algorithm_rule, signature_rule (Unknown), and
    // those of parse_access_claims. The algorithm is the key's, whatever the header says.
    Result<AccessToken> verify_access(std::string_view token, WallTime now) const;

    // The set by URL in which this token's key may still come; null: in none. For a token that was
    // refused with unknown_key_rule (key_wait.h).
    std::shared_ptr<RemoteKeySet> key_set_of(std::string_view token) const;

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

}  // namespace merlon::tokens
