// Verifying keys from JWKs (RFC 7517, RFC 7518 section 6, RFC 8037) and back.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/curve.h"
#include "crypto/signature.h"
#include "crypto/signature_key.h"

namespace merlon::crypto {
namespace {

using Number = Handle<BIGNUM, BN_free>;
using Parameters = Handle<OSSL_PARAM, OSSL_PARAM_free>;
using ParameterBuilder = Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;

constexpr std::size_t ed25519_bytes = 32;

std::unexpected<Error> malformed() {
    ERR_clear_error();
    return fail(Kind::Invalid, "key.malformed");
}

// RFC 7518 section 6.3.1: Base64urlUInt, bounded by the longest modulus we take.
Result<std::string> integer(std::string_view text) {
    auto bytes = text::from_base64url(text);
    if (!bytes || bytes->empty() || bytes->size() > rsa_bits_max / 8) return malformed();
    return *std::move(bytes);
}

Result<std::string> exactly(std::string_view text, std::size_t size) {
    auto bytes = text::from_base64url(text);
    if (!bytes || bytes->size() != size) return malformed();
    return *std::move(bytes);
}

Result<KeyHandle> from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return malformed();
    }
    return KeyHandle(key);
}

Result<KeyHandle> rsa_key(const Jwk& jwk) {
    const std::string n = MERLON_TRY(integer(jwk.n));
    const std::string e = MERLON_TRY(integer(jwk.e));
    const Number n_number(BN_bin2bn(octets(n), static_cast<int>(n.size()), nullptr));
    const Number e_number(BN_bin2bn(octets(e), static_cast<int>(e.size()), nullptr));
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    MERLON_ASSERT(n_number && e_number && builder);
    MERLON_ASSERT(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n_number.get()));
    MERLON_ASSERT(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e_number.get()));
    return from_parameters("RSA", builder.get());
}

const Curve* find_curve(std::string_view jwk_name) {
    for (const Curve* curve : {&p256, &p384}) {
        if (jwk_name == curve->jwk_name) return curve;
    }
    return nullptr;
}

Result<KeyHandle> ecdsa_key(const Jwk& jwk) {
    const Curve* curve = find_curve(jwk.crv);
    if (curve == nullptr) return fail(Kind::Invalid, "key.type");
    // SEC 1 section 2.3.3: an uncompressed point. OpenSSL refuses one that is not on the curve.
    const std::string point = '\x04' + MERLON_TRY(exactly(jwk.x, curve->scalar_bytes)) +
                              MERLON_TRY(exactly(jwk.y, curve->scalar_bytes));
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    MERLON_ASSERT(builder);
    MERLON_ASSERT(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                  curve->group, 0));
    MERLON_ASSERT(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                   point.data(), point.size()));
    return from_parameters("EC", builder.get());
}

Result<KeyHandle> ed25519_key(const Jwk& jwk) {
    if (jwk.crv != "Ed25519") return fail(Kind::Invalid, "key.type");
    const std::string bytes = MERLON_TRY(exactly(jwk.x, ed25519_bytes));
    KeyHandle key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(bytes), ed25519_bytes));
    if (!key) return malformed();
    return key;
}

// RFC 7517 section 4.4: a key is for the algorithm that it names, and for no other. Most sets with
// keys that name none are RS256's (OpenID Connect Discovery section 3): RSA is that, then.
Result<Algorithm> algorithm_of_rsa(const Jwk& jwk) {
    if (jwk.alg.empty()) return Algorithm::RS256;
    const Algorithm named = MERLON_TRY(parse_algorithm(jwk.alg));
    const bool is_rsa = jwk.alg.starts_with("RS") || jwk.alg.starts_with("PS");
    return is_rsa ? Result<Algorithm>(named) : fail(Kind::Invalid, "key.algorithm");
}

// RFC 7517 sections 4.2 and 4.3: a key for something else does not verify, even if it could.
Result<> check_use(const Jwk& jwk) {
    if (!jwk.use.empty() && jwk.use != "sig") return fail(Kind::Invalid, "key.use");
    if (jwk.key_ops && std::ranges::find(*jwk.key_ops, "verify") == jwk.key_ops->end()) {
        return fail(Kind::Invalid, "key.use");
    }
    return {};
}

std::string base64url_of(EVP_PKEY* key, const char* parameter, std::size_t size_min = 0) {
    BIGNUM* value = nullptr;
    MERLON_ASSERT(EVP_PKEY_get_bn_param(key, parameter, &value) == 1);
    const Number number(value);
    const std::size_t size =
        std::max<std::size_t>(size_min, static_cast<std::size_t>(BN_num_bytes(number.get())));
    std::string bytes(size, '\0');
    MERLON_ASSERT(BN_bn2binpad(number.get(), octets(bytes), static_cast<int>(size)) >= 0);
    return text::to_base64url(bytes);
}

}  // namespace

Result<VerifyKey> VerifyKey::from_jwk(const Jwk& jwk) {
    MERLON_TRY(check_use(jwk));
    const auto import = [&]() -> Result<VerifyKey> {
        if (jwk.kty == "oct") {
            auto bytes = text::from_base64url(jwk.k);
            if (!bytes) return malformed();
            return from_secret(Secret(*std::move(bytes)));
        }
        auto key = std::make_shared<Key>();
        Algorithm rsa = Algorithm::RS256;
        if (jwk.kty == "RSA") {
            rsa = MERLON_TRY(algorithm_of_rsa(jwk));
            key->key = MERLON_TRY(rsa_key(jwk));
        } else if (jwk.kty == "EC") {
            key->key = MERLON_TRY(ecdsa_key(jwk));
        } else if (jwk.kty == "OKP") {
            key->key = MERLON_TRY(ed25519_key(jwk));
        } else {
            return fail(Kind::Invalid, "key.type");
        }
        return check(std::move(key), rsa);
    };
    VerifyKey key = MERLON_TRY(import());
    if (!jwk.alg.empty() && jwk.alg != name(key.algorithm())) {
        return fail(Kind::Invalid, "key.algorithm");
    }
    return key;
}

std::optional<Jwk> VerifyKey::public_jwk() const {
    EVP_PKEY* const key = key_->key.get();
    Jwk jwk;
    switch (algorithm_) {
        case Algorithm::HS256:
            return std::nullopt;
        case Algorithm::RS256:
        case Algorithm::RS384:
        case Algorithm::RS512:
        case Algorithm::PS256:
        case Algorithm::PS384:
        case Algorithm::PS512:
            jwk.kty = "RSA";
            jwk.n = base64url_of(key, OSSL_PKEY_PARAM_RSA_N);
            jwk.e = base64url_of(key, OSSL_PKEY_PARAM_RSA_E);
            break;
        case Algorithm::ES256:
        case Algorithm::ES384: {
            const Curve& curve = *curve_of(algorithm_);
            jwk.kty = "EC";
            jwk.crv = curve.jwk_name;
            // RFC 7518 section 6.2.1.2: coordinates keep their leading zeros.
            jwk.x = base64url_of(key, OSSL_PKEY_PARAM_EC_PUB_X, curve.scalar_bytes);
            jwk.y = base64url_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve.scalar_bytes);
            break;
        }
        case Algorithm::EdDSA: {
            std::string bytes(ed25519_bytes, '\0');
            std::size_t size = bytes.size();
            MERLON_ASSERT(EVP_PKEY_get_raw_public_key(key, octets(bytes), &size) == 1);
            jwk.kty = "OKP";
            jwk.crv = "Ed25519";
            jwk.x = text::to_base64url(bytes);
            break;
        }
    }
    jwk.alg = name(algorithm_);
    jwk.use = "sig";
    jwk.kid = thumbprint(jwk);
    return jwk;
}

}  // namespace merlon::crypto
