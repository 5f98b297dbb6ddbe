// What a genuine access token says: the contract's claims, read strictly.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "access/access.h"
#include "base/clock.h"

namespace merlon::tokens {

// Clocks of issuer and gateway may differ by this much; it never lengthens a token's life.
inline constexpr std::chrono::seconds leeway{5};

struct AccessToken {
    access::Subject subject;
    std::string token_id;      // jti; empty when a foreign issuer gave none
    std::string session_id;    // sid
    std::int64_t version = 0;  // ver, the user's token version
    WallTime expires_at;
};

// What a token has to say to be for us.
struct ClaimRules {
    std::string issuer;
    std::string audience;
};

// Reads the payload of a token whose signature has been verified.
// Errors (Unknown): "token.claims" (missing, of a wrong type, contradicting), "token.type" (a
// refresh token), "token.issuer", "token.audience", "token.not_yet", "token.expired".
Result<AccessToken> parse_access_claims(std::string_view payload, const ClaimRules& rules,
                                        const access::Roles& roles, WallTime now);

}  // namespace merlon::tokens
