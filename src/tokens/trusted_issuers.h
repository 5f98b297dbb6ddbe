// The keys of the issuers we trust beside ourselves (tokens.trusted).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokens/jwk_json.h"
#include "tokens/settings.h"

namespace merlon::tokens {

// What a verifier needs of one foreign issuer.
struct IssuerKeys {
    std::string issuer;
    std::string audience;
    std::vector<NamedKey> keys;

    // The key of this kid; without a kid, the only one. Null: none.
    const NamedKey* find(const std::optional<std::string>& kid) const;
};

// Immutable; made anew at every reload.
class TrustedIssuers {
public:
    // Reads every JWKS. Errors name the issuer in their detail: "trusted.scheme" (not file:),
    // "trusted.duplicate", "trusted.unreadable", "jwks.malformed", "jwks.empty".
    static Result<TrustedIssuers> load(const std::vector<TrustedIssuer>& issuers);

    // Null: not an issuer we trust.
    const IssuerKeys* find(std::string_view issuer) const;

private:
    std::vector<IssuerKeys> issuers_;  // a few
};

}  // namespace merlon::tokens
