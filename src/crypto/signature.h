// Keys that sign and verify. The algorithm belongs to the key, never to what it verifies: a token's
// header cannot choose it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/jwk.h"

namespace merlon::crypto {

// RFC 7518 section 3.1 and RFC 8037: EdDSA is Ed25519 here, ES256 is P-256, ES384 is P-384. Those
// from ES384 on are other issuers': we verify them by keys that come as JWKs, and never sign.
enum class Algorithm : std::uint8_t {
    HS256,
    RS256,
    ES256,
    EdDSA,
    ES384,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
};

// As in a JOSE header. parse fails with "key.algorithm".
std::string_view name(Algorithm algorithm);
Result<Algorithm> parse_algorithm(std::string_view name);

// RFC 7518 section 3.3 demands 2048; beyond 8192 one verification is a denial of service.
inline constexpr int rsa_bits_min = 2'048;
inline constexpr int rsa_bits_max = 8'192;
// RFC 7518 section 3.2: at least the digest's size.
inline constexpr std::size_t hs256_secret_bytes_min = 32;

// Whether only the signer can have written the signature this way. From an ES256 signature (r, s)
// everybody can make (r, n - s), which verifies as well: of the two, SigningKey makes the one with
// the lower s.
bool has_lowest_form(Algorithm algorithm, std::string_view signature);

// Verifies. Immutable and safe from every thread; copies share the key, which nobody can change.
class VerifyKey {
public:
    // The key of a JWK: oct (HS256), RSA (what its alg says of RS256 to PS512; without one, RS256),
    // EC P-256 (ES256) or P-384 (ES384), OKP Ed25519 (EdDSA). Private members are ignored. Errors,
    // all Invalid: "key.type", "key.algorithm" (alg
    // is not this key's), "key.use" (not for signatures), "key.malformed", "key.weak" (too short,
    // even exponent).
    static Result<VerifyKey> from_jwk(const Jwk& jwk);
    // Fails with "key.weak" below 32 bytes. See check_shared_secret for secrets people chose.
    static Result<VerifyKey> from_secret(const Secret& secret);
    // SubjectPublicKeyInfo, PEM; not of P-384. Errors as from_jwk.
    static Result<VerifyKey> from_public_pem(std::string_view pem);
    // The same as DER: what a certificate has. Errors as from_jwk.
    static Result<VerifyKey> from_public_der(std::string_view der);

    Algorithm algorithm() const { return algorithm_; }
    // ES256 and ES384 take the raw r || s of RFC 7518 section 3.4, any s, and refuse DER.
    bool verify(std::string_view message, std::string_view signature) const;
    // kty and key members with alg, use and kid (RFC 7638 thumbprint). Nothing for HS256: a shared
    // secret is never published.
    std::optional<Jwk> public_jwk() const;

private:
    friend class SigningKey;
    struct Key;
    VerifyKey(Algorithm algorithm, std::shared_ptr<const Key> key)
        : algorithm_(algorithm), key_(std::move(key)) {}
    // An RSA key is for `rsa`.
    static Result<VerifyKey> check(std::shared_ptr<Key> key, Algorithm rsa = Algorithm::RS256);

    Algorithm algorithm_;
    std::shared_ptr<const Key> key_;  // shared by the copies in all key sets; immutable
};

// Signs. Immutable and safe from every thread. Resource.
class SigningKey {
public:
    // A fresh key by OpenSSL's generator (RS256: 3072 bits). HS256 has no generator: a fleet brings
    // its secret. Fails with "key.algorithm", also for those that are other issuers'.
    static Result<SigningKey> generate(Algorithm algorithm);
    // Fails with "key.weak" below 32 bytes.
    static Result<SigningKey> from_secret(const Secret& secret);
    // PrivateKeyInfo, DER: what to_pkcs8 gave. Errors as VerifyKey::from_jwk.
    static Result<SigningKey> from_pkcs8(const Secret& der);
    // A private key's PEM file, such as the key of a certificate; one that is encrypted is refused.
    // Errors as VerifyKey::from_jwk.
    static Result<SigningKey> from_private_pem(const Secret& pem);

    Algorithm algorithm() const { return verify_key_.algorithm(); }
    // ES256: r || s, 64 bytes, in the lowest form.
    std::string sign(std::string_view message) const;
    const VerifyKey& verify_key() const { return verify_key_; }
    // For storing under a master key. Fails with "key.algorithm" for HS256: that secret is
    // configuration, not ours to store.
    Result<Secret> to_pkcs8() const;

private:
    static Result<SigningKey> adopt(std::shared_ptr<VerifyKey::Key> key);
    explicit SigningKey(VerifyKey key) : verify_key_(std::move(key)) {}
    VerifyKey verify_key_;
};

}  // namespace merlon::crypto
