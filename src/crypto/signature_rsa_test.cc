// RSA keys of other issuers: each is for one algorithm.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "crypto/openssl.h"
#include "crypto/signature.h"

namespace merlon::crypto {
namespace {

Jwk jwk_of_rsa(EVP_PKEY* key) {
    std::string members[2];
    const char* const parameters[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E};
    for (int i = 0; i < 2; ++i) {
        BIGNUM* number = nullptr;
        MERLON_ASSERT(EVP_PKEY_get_bn_param(key, parameters[i], &number) == 1);
        const Handle<BIGNUM, BN_free> owned(number);
        members[i].resize(static_cast<std::size_t>(BN_num_bytes(number)));
        BN_bn2bin(number, octets(members[i]));
        members[i] = text::to_base64url(members[i]);
    }
    return {.kty = "RSA", .n = members[0], .e = members[1]};
}

// Signs as other issuers do, with any digest, padding and length of salt.
struct RsaSigning {
    const char* digest;
    int padding = RSA_PKCS1_PADDING;
    int salt = RSA_PSS_SALTLEN_DIGEST;
    const char* mask_digest = nullptr;  // of PSS; null: the same
};

std::string sign_with(EVP_PKEY* key, const RsaSigning& as) {
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* signing = nullptr;
    MERLON_ASSERT(EVP_DigestSignInit_ex(context.get(), &signing, as.digest, nullptr, nullptr, key,
                                        nullptr) == 1);
    MERLON_ASSERT(EVP_PKEY_CTX_set_rsa_padding(signing, as.padding) == 1);
    if (as.padding == RSA_PKCS1_PSS_PADDING) {
        const char* mask = as.mask_digest != nullptr ? as.mask_digest : as.digest;
        MERLON_ASSERT(EVP_PKEY_CTX_set_rsa_pss_saltlen(signing, as.salt) == 1 &&
                      EVP_PKEY_CTX_set_rsa_mgf1_md_name(signing, mask, nullptr) == 1);
    }
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    std::string signature(size, '\0');
    MERLON_ASSERT(EVP_DigestSign(context.get(), octets(signature), &size, octets("message"), 7) ==
                  1);
    signature.resize(size);
    return signature;
}

// RFC 7518 sections 3.3 and 3.5: one digest, one padding, one length of salt each.
TEST(VerifyKey, OfRsaVerifiesWhatItsAlgSaysAndNothingElse) {
    constexpr int pss = RSA_PKCS1_PSS_PADDING;
    const KeyHandle key(EVP_RSA_gen(2'048));
    const RsaSigning signings[] = {{"SHA256"},      {"SHA384"},      {"SHA512"},
                                   {"SHA256", pss}, {"SHA384", pss}, {"SHA512", pss}};
    const std::string_view names[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"};
    Jwk jwk = jwk_of_rsa(key.get());
    for (std::size_t i = 0; i < std::size(names); ++i) {
        jwk.alg = names[i];
        const VerifyKey verify = VerifyKey::from_jwk(jwk).value();
        EXPECT_EQ(name(verify.algorithm()), names[i]);
        EXPECT_EQ(verify.public_jwk()->alg, names[i]);
        for (std::size_t j = 0; j < std::size(signings); ++j) {
            const std::string signature = sign_with(key.get(), signings[j]);
            EXPECT_EQ(verify.verify("message", signature), i == j) << names[i] << names[j];
            EXPECT_FALSE(verify.verify("Message", signature));
        }
    }
    jwk.alg = "PS256";
    const VerifyKey verify = VerifyKey::from_jwk(jwk).value();
    const RsaSigning odd[] = {{"SHA256", pss, 0},
                              {"SHA256", pss, RSA_PSS_SALTLEN_MAX},
                              {"SHA256", pss, 31},
                              {"SHA256", pss, RSA_PSS_SALTLEN_DIGEST, "SHA1"}};
    for (const RsaSigning& signing : odd) {
        EXPECT_FALSE(verify.verify("message", sign_with(key.get(), signing))) << signing.salt;
    }
    jwk.alg.clear();
    EXPECT_EQ(VerifyKey::from_jwk(jwk)->algorithm(), Algorithm::RS256) << "no other is guessed";
    for (const std::string_view other : {"HS256", "ES256", "EdDSA", "none", "RS1", "RSA-OAEP"}) {
        jwk.alg = other;
        EXPECT_EQ(VerifyKey::from_jwk(jwk).error().rule, "key.algorithm") << other;
    }
}

TEST(SigningKey, OfOtherIssuersAlgorithmsIsNeverMade) {
    using enum Algorithm;
    for (const Algorithm algorithm : {ES384, RS384, RS512, PS256, PS384, PS512}) {
        EXPECT_EQ(SigningKey::generate(algorithm).error().rule, "key.algorithm");
    }
}

}  // namespace
}  // namespace merlon::crypto
