// What one service tells the next about the user it asks for: a JWT of a minute's life, signed with
// the key of the caller's own certificate, for one receiver and one access token.
//
// Mutual TLS says which service calls; this says for whom, and binds the two: a service that was
// sent an assertion cannot send it on as its own, nor use it for another user's token.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signature.h"
#include "crypto/spiffe_id.h"
#include "tokens/access_token.h"
#include "tokens/digest_cache.h"

namespace merlon::tokens {

// The request field in which a service that we know by its certificate finds our assertion.
inline constexpr std::string_view assertion_field = "Merlon-Assertion";

// RFC 8725 section 3.11: a type of its own, so that no other JWT of the same key is taken for one.
inline constexpr std::string_view assertion_type = "merlon-assertion+jwt";
inline constexpr std::chrono::seconds assertion_life{60};
// It is one of several long fields of a request.
inline constexpr std::size_t assertion_bytes_max = 8 << 10;

// On behalf of whom.
struct Asserted {
    std::string user_id;                   // sub
    std::string session_id;                // sid; may be empty
    std::string role;                      // may be empty
    std::vector<std::string> permissions;  // may be empty
};

struct Assertion {
    Asserted asserted;
    crypto::SpiffeId caller;      // iss
    crypto::Sha256 token_digest;  // ath
    WallTime good_from;           // iat less the leeway
    WallTime good_until;          // exp and the leeway
};

// Which call an assertion has to be for. Borrows.
struct AssertionRules {
    const crypto::SpiffeId& caller;    // the peer's, by its certificate
    const crypto::VerifyKey& key;      // of the same certificate
    const crypto::SpiffeId& receiver;  // ourselves
    std::string_view access_token;     // that came with it
};

// Fails with "assertion.too_long": more permissions than a token may hold.
Result<std::string> sign_assertion(const Asserted& asserted, std::string_view access_token,
                                   const crypto::SpiffeId& caller, const crypto::SpiffeId& receiver,
                                   const crypto::SigningKey& key, WallTime now);

// Errors (Unknown but "jose.…", Invalid): "jose.…", "assertion.type", "token.algorithm",
// "token.signature", "assertion.claims", "assertion.issuer", "assertion.audience",
// "assertion.token" (it is for another access token), "assertion.not_yet", "assertion.expired".
// Both times with five seconds of leeway.
Result<Assertion> verify_assertion(std::string_view assertion, const AssertionRules& rules,
                                   WallTime now);

// Signs for the calls of one worker, an assertion for each (access token, receiver), which serves
// until ten seconds before its end: kept with the token, which the worker's cache has found anyway.
// Used by one thread; the issuer and the cache go together, when a certificate or a role is
// another.
class AssertionIssuer final {
public:
    static constexpr std::chrono::seconds spare{10};

    explicit AssertionIssuer(crypto::SpiffeId caller, std::shared_ptr<const crypto::SigningKey> key)
        : caller_(std::move(caller)), key_(std::move(key)) {}

    // `token` is what was found to be true of `text`. Errors: those of sign_assertion.
    Result<KeptAssertion> issue(const AccessToken& token, std::string_view text,
                                const crypto::SpiffeId& receiver, WallTime now) const;

private:
    crypto::SpiffeId caller_;
    std::shared_ptr<const crypto::SigningKey> key_;  // of all workers; immutable
};

// Verifies what one worker is sent, each assertion once. Used by one thread.
class AssertionVerifier final {
public:
    using Kept = DigestCache<Assertion>::Kept;

    explicit AssertionVerifier(crypto::SpiffeId receiver) : receiver_(std::move(receiver)) {}

    // Errors: those of verify_assertion. One that was verified stays good for its minute when the
    // caller renews its certificate meanwhile.
    Result<Kept> verify(std::string_view assertion, const crypto::SpiffeId& caller,
                        const crypto::VerifyKey& key, std::string_view access_token, WallTime now);

private:
    crypto::SpiffeId receiver_;
    DigestCache<Assertion> cache_{4'096};
};

}  // namespace merlon::tokens
