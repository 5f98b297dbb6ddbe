// The keys of the issuers we trust beside ourselves (tokens.trusted).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokens/jwk_json.h"
#include "tokens/remote_key_sets.h"
#include "tokens/settings.h"
#include "tokens/signature_check.h"

namespace merlon::tokens {

// What a verifier needs of one foreign issuer.
struct IssuerKeys {
    // Keys that are tried for a token that names none of them, each at the cost of a verification.
    static constexpr std::size_t tries_max = 8;

    std::string issuer;
    std::string audience;
    ForeignClaims claims;
    RemoteKeySet::Keys file;               // shared by the copies of this; null: of a URL
    std::shared_ptr<RemoteKeySet> remote;  // shared with the snapshots before and after

    // Whether a key of the issuer made the signature: one that the token names by `kid`; else, one
    // of those that have none, or any where the token names none. Of several, those of the token's
    // algorithm count. Errors: unknown_key_rule, and those of check_signature.
    Result<> check(const wire::CompactJws& jws) const;
};

// Immutable; made anew at every reload.
class TrustedIssuers {
public:
    // Reads every JWKS that is a file; those of URLs come from `remote`, by and by, so that a
    // provider that is away stops nobody. Errors name the issuer in their detail:
    // "trusted.duplicate", "trusted.unreadable", "jwks.malformed", "jwks.empty".
    static Result<TrustedIssuers> load(const std::vector<TrustedIssuer>& issuers,
                                       RemoteKeySets& remote);

    // Null: not an issuer we trust.
    const IssuerKeys* find(std::string_view issuer) const;
    // Changes when fetched keys do.
    std::uint64_t generation() const;

private:
    std::vector<IssuerKeys> issuers_;  // a few
};

}  // namespace merlon::tokens
