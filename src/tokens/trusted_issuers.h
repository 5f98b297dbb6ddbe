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

namespace merlon::tokens {

// What a verifier needs of one foreign issuer.
struct IssuerKeys {
    std::string issuer;
    std::string audience;
    RemoteKeySet::Keys file;               // shared by the copies of this; null: of a URL
    std::shared_ptr<RemoteKeySet> remote;  // shared with the snapshots before and after

    // The key of this kid; without a kid, the only one. When there is none, the set of a URL is
    // fetched again soon.
    std::optional<crypto::VerifyKey> find(const std::optional<std::string>& kid) const;
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
