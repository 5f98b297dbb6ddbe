// Making keys from PEM, PKCS#8 or a secret, or fresh; and checking each before it is one.
// signature_jwk.cc makes them from JWKs.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/certificate_form.h"
#include "crypto/curve.h"
#include "crypto/roca.h"
#include "crypto/signature.h"
#include "crypto/signature_key.h"

namespace merlon::crypto {
namespace {

using Number = Handle<BIGNUM, BN_free>;
using Pkcs8 = Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

std::unexpected<Error> malformed() {
    ERR_clear_error();
    return fail(Kind::Invalid, "key.malformed");
}

// e = 1 makes every signature its own message; beyond 64 bits verification gets slow.
Result<> check_rsa(EVP_PKEY* key) {
    BIGNUM* exponent = nullptr;
    BIGNUM* modulus = nullptr;
    const bool is_read = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                         EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1;
    const Number e(exponent);
    const Number n(modulus);
    if (!is_read) return malformed();
    const int bits = EVP_PKEY_get_bits(key);
    const bool is_strong = bits >= rsa_bits_min && bits <= rsa_bits_max && BN_is_odd(e.get()) &&
                           !BN_is_one(e.get()) && BN_num_bits(e.get()) <= 64;
    if (!is_strong) return fail(Kind::Invalid, "key.weak");
    if (!has_roca_fingerprint(n.get())) return {};
    return fail(Kind::Invalid, "key.weak",
                "the modulus can be factored (CVE-2017-15361): make the key with other software");
}

// Which algorithm a key of OpenSSL's is for, if it is strong enough.
Result<Algorithm> algorithm_of(EVP_PKEY* key, Algorithm rsa) {
    if (EVP_PKEY_is_a(key, "RSA")) {
        MERLON_TRY(check_rsa(key));
        return rsa;
    }
    if (EVP_PKEY_is_a(key, "EC")) {
        const Curve* curve = find_curve(key);
        if (curve == nullptr) return fail(Kind::Invalid, "key.type");
        return curve->algorithm;
    }
    if (EVP_PKEY_is_a(key, "ED25519")) return Algorithm::EdDSA;
    return fail(Kind::Invalid, "key.type");
}

// Ed25519 hashes by itself.
const char* digest_name(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::EdDSA:
            return nullptr;
        case Algorithm::ES384:
        case Algorithm::RS384:
        case Algorithm::PS384:
            return "SHA384";
        case Algorithm::RS512:
        case Algorithm::PS512:
            return "SHA512";
        case Algorithm::HS256:
        case Algorithm::RS256:
        case Algorithm::ES256:
        case Algorithm::PS256:
            return "SHA256";
    }
    MERLON_ASSERT(false);
}

bool is_pss(Algorithm algorithm) {
    return algorithm == Algorithm::PS256 || algorithm == Algorithm::PS384 ||
           algorithm == Algorithm::PS512;
}

// RFC 7518 section 3.5: MGF1 with the same digest, and a salt as long as it, no other.
void set_pss(EVP_PKEY_CTX* context, const char* digest) {
    MERLON_ASSERT(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, digest, nullptr) == 1 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

// Keys of P-384 are other issuers', and come as JWKs.
Result<VerifyKey> require_ours(Result<VerifyKey> key) {
    if (key && key->algorithm() == Algorithm::ES384) return fail(Kind::Invalid, "key.type");
    return key;
}

Bio reader(std::string_view bytes) {
    Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    MERLON_ASSERT(bio != nullptr);
    return bio;
}

}  // namespace

Result<VerifyKey> VerifyKey::check(std::shared_ptr<Key> key, Algorithm rsa) {
    const Algorithm algorithm = MERLON_TRY(algorithm_of(key->key.get(), rsa));
    const KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key->key.get(), nullptr));
    MERLON_ASSERT(checker != nullptr);
    if (EVP_PKEY_public_check(checker.get()) != 1) return malformed();
    key->verify.reset(EVP_MD_CTX_new());
    EVP_PKEY_CTX* verifying = nullptr;  // the digest context's
    MERLON_ASSERT(EVP_DigestVerifyInit_ex(key->verify.get(), &verifying, digest_name(algorithm),
                                          nullptr, nullptr, key->key.get(), nullptr) == 1);
    if (is_pss(algorithm)) set_pss(verifying, digest_name(algorithm));
    return VerifyKey(algorithm, std::move(key));
}

Result<VerifyKey> VerifyKey::from_secret(const Secret& secret) {
    if (secret.size() < hs256_secret_bytes_min) return fail(Kind::Invalid, "key.weak");
    auto key = std::make_shared<Key>();
    key->hmac.emplace(secret);
    return VerifyKey(Algorithm::HS256, std::move(key));
}

Result<VerifyKey> VerifyKey::from_public_pem(std::string_view pem) {
    auto key = std::make_shared<Key>();
    key->key.reset(PEM_read_bio_PUBKEY(reader(pem).get(), nullptr, nullptr, nullptr));
    if (!key->key) return malformed();
    return require_ours(check(std::move(key)));
}

Result<VerifyKey> VerifyKey::from_public_der(std::string_view der) {
    const unsigned char* in = octets(der);
    const unsigned char* const end = in + der.size();
    auto key = std::make_shared<Key>();
    key->key.reset(d2i_PUBKEY(nullptr, &in, static_cast<long>(der.size())));
    if (!key->key || in != end) return malformed();
    return require_ours(check(std::move(key)));
}

Result<SigningKey> SigningKey::adopt(std::shared_ptr<VerifyKey::Key> key) {
    VerifyKey verify_key = MERLON_TRY(require_ours(VerifyKey::check(key)));
    key->sign.reset(EVP_MD_CTX_new());
    if (EVP_DigestSignInit_ex(key->sign.get(), nullptr, digest_name(verify_key.algorithm()),
                              nullptr, nullptr, key->key.get(), nullptr) != 1) {
        return malformed();
    }
    return SigningKey(std::move(verify_key));
}

Result<SigningKey> SigningKey::generate(Algorithm algorithm) {
    auto key = std::make_shared<VerifyKey::Key>();
    switch (algorithm) {
        case Algorithm::HS256:
        case Algorithm::ES384:
        case Algorithm::RS384:
        case Algorithm::RS512:
        case Algorithm::PS256:
        case Algorithm::PS384:
        case Algorithm::PS512:
            return fail(Kind::Invalid, "key.algorithm");
        case Algorithm::RS256:
            key->key.reset(EVP_RSA_gen(3'072));
            break;
        case Algorithm::ES256:
            key->key.reset(EVP_EC_gen("P-256"));
            break;
        case Algorithm::EdDSA:
            key->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
            break;
    }
    MERLON_ASSERT(key->key != nullptr);
    return adopt(std::move(key));
}

Result<SigningKey> SigningKey::from_secret(const Secret& secret) {
    return SigningKey(MERLON_TRY(VerifyKey::from_secret(secret)));
}

Result<SigningKey> SigningKey::from_pkcs8(const Secret& der) {
    const unsigned char* in = octets(der.reveal());
    const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, static_cast<long>(der.size())));
    auto key = std::make_shared<VerifyKey::Key>();
    if (info) key->key.reset(EVP_PKCS82PKEY(info.get()));
    if (!key->key) return malformed();
    return adopt(std::move(key));
}

Result<SigningKey> SigningKey::from_private_pem(const Secret& pem) {
    auto key = std::make_shared<VerifyKey::Key>();
    key->key = read_private_pem(pem);
    if (!key->key) return malformed();
    return adopt(std::move(key));
}

Result<Secret> SigningKey::to_pkcs8() const {
    EVP_PKEY* const key = verify_key_.key_->key.get();
    if (key == nullptr) return fail(Kind::Invalid, "key.algorithm");
    const Pkcs8 info(EVP_PKEY2PKCS8(key));
    MERLON_ASSERT(info != nullptr);
    std::string der(static_cast<std::size_t>(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr)), '\0');
    unsigned char* out = octets(der);
    MERLON_ASSERT(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) > 0);
    return Secret(std::move(der));
}

}  // namespace merlon::crypto
