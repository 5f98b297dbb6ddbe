// What a genuine access token says: the contract's claims, read strictly.
#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "tokens/kept_assertion.h"
#include "tokens/revoked_id.h"
#include "tokens/settings.h"

namespace merlon::tokens {

// Clocks of issuer and gateway may differ by this much; it never lengthens a token's life.
inline constexpr std::chrono::seconds leeway{5};

// Who vouches for a token: ourselves, or an issuer that tokens.trusted names. A foreign user's
// identifier may equal one of ours, so a foreign token has no power over our accounts.
enum class Origin : std::uint8_t { Own, Foreign };

// What Revocations looks for. Nothing where an identifier is no UUID, nor in a token that is not
// our own: a foreign issuer's sessions and users are not ours.
struct Revocable {
    std::optional<RevokedId> session;
    std::optional<RevokedId> user;
};

struct AccessToken {
    access::Subject subject;
    Origin origin = Origin::Own;
    std::string token_id;      // jti; empty when a foreign issuer gave none
    std::string session_id;    // sid
    std::string key_id;        // of our key that verified it; empty for a foreign one
    std::int64_t version = 0;  // ver, the user's token version
    Revocable revocable;  // of session_id and user_id, read once for the many times it is asked
    WallTime good_from;   // iat, or nbf, less the leeway
    WallTime expires_at;
    // The next two belong to the worker whose cache keeps the token.
    // Revocations::generation() when this token was last found not revoked: while it stands there
    // is nothing to ask again.
    mutable std::uint64_t revocations_seen = 0;
    // One for each service that was told; most tokens are used at one.
    mutable boost::container::small_vector<KeptAssertion, 1> assertions;

    // A token that was good a moment ago is from the future once the clock has been put back. Then
    // it waits for its time like one that comes fresh, or it would live longer by the jump.
    bool is_good_at(WallTime now) const { return good_from <= now && now < expires_at; }
};

// It is a token for something else, such as a refresh token (Unknown).
inline constexpr std::string_view token_type_rule = "token.type";

// What a token has to say to be for us.
struct ClaimRules {
    std::string issuer;
    std::string audience;
    Origin origin = Origin::Own;
    ForeignClaims foreign = {};  // of a foreign one
};

// `iss` of a payload nobody verified: good for choosing which keys to try, and nothing else. Empty
// when there is none that is text. Fails with "token.claims" (no JSON object).
Result<std::string> unverified_issuer(std::string_view payload);

// `exp` of a payload that somebody else has verified. Error: "token.claims" (Unknown).
Result<WallTime> unverified_expiry(std::string_view payload);

// Reads the payload of a token whose signature has been verified.
// Errors (Unknown): "token.claims" (missing, of a wrong type, contradicting), token_type_rule,
// "token.issuer", "token.audience", "token.not_yet", "token.expired".
Result<AccessToken> parse_access_claims(std::string_view payload, const ClaimRules& rules,
                                        const access::Roles& roles, WallTime now);

}  // namespace merlon::tokens
