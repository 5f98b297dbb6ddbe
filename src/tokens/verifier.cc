// Verifying tokens.
#include "tokens/verifier.h"

#include "base/text.h"
#include "wire/compact_jose.h"

namespace merlon::tokens {
namespace {

// RFC 7518 section 3.2: a key at least as long as the digest.
constexpr std::size_t secret_bytes_min = 32;

// Parts of secrets that stand in tutorials and templates: whoever reads those can sign tokens.
constexpr std::string_view sample_parts[] = {
    "your-secret", "your_secret",  "yoursecret", "changeme", "change-me",   "change_me",
    "supersecret", "super-secret", "secret-key", "example",  "placeholder", "insert-"};

Result<> check_secret(std::string_view secret) {
    if (secret.size() < secret_bytes_min) {
        return fail(Kind::Invalid, "tokens.secret",
                    "a token secret has at least 32 bytes: openssl rand -hex 32 makes one");
    }
    const std::string lower = text::to_lower(secret);
    const bool is_one_byte = secret.find_first_not_of(secret.front()) == std::string_view::npos;
    for (const std::string_view sample : sample_parts) {
        if (is_one_byte || lower.find(sample) != std::string::npos) {
            return fail(Kind::Invalid, "tokens.secret",
                        "this token secret is a sample that everybody knows: openssl rand -hex 32 "
                        "makes one of your own");
        }
    }
    return {};
}

}  // namespace

Result<Verifier> Verifier::with_secret(const Secret& secret, ClaimRules rules,
                                       const access::Roles& roles) {
    MERLON_TRY(check_secret(secret.reveal()));
    return Verifier(secret, std::move(rules), roles);
}

Result<AccessToken> Verifier::verify_access(std::string_view token, WallTime now) const {
    const wire::CompactJws jws = MERLON_TRY(wire::CompactJws::parse(token));
    if (jws.algorithm != "HS256") return fail(Kind::Unknown, "token.algorithm", jws.algorithm);
    // A shared secret has no name; a token that names a key means another one.
    if (jws.key_id) return fail(Kind::Unknown, "token.key");
    if (!mac_.verify(jws.signed_text, jws.signature)) return fail(Kind::Unknown, "token.signature");
    return parse_access_claims(jws.payload, rules_, *roles_, now);
}

}  // namespace merlon::tokens
