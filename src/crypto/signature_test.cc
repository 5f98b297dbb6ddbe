// Tests of signing keys: the algorithm belongs to the key, and weak keys are no keys.
#include "crypto/signature.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "crypto/corpus.h"
#include "crypto/openssl.h"

namespace merlon::crypto {
namespace {

constexpr Algorithm asymmetric[] = {Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA};

std::string_view rule_of(const Jwk& jwk) {
    const auto key = VerifyKey::from_jwk(jwk);
    return key ? "" : key.error().rule;
}

TEST(SigningKey, SignsWhatItsPublicKeyVerifies) {
    for (const Algorithm algorithm : asymmetric) {
        const SigningKey key = SigningKey::generate(algorithm).value();
        const std::string signature = key.sign("message");
        const Jwk jwk = key.verify_key().public_jwk().value();
        const VerifyKey published = VerifyKey::from_jwk(jwk).value();
        EXPECT_EQ(published.algorithm(), algorithm);
        EXPECT_EQ(jwk.kid, thumbprint(jwk));
        EXPECT_TRUE(published.verify("message", signature)) << name(algorithm);
        EXPECT_FALSE(published.verify("Message", signature));
        EXPECT_FALSE(published.verify("message", ""));
        EXPECT_FALSE(published.verify("message", signature + '\0'));
        for (std::size_t i = 0; i < signature.size(); ++i) {
            std::string changed = signature;
            changed[i] = static_cast<char>(changed[i] ^ 0x80);
            EXPECT_FALSE(published.verify("message", changed)) << name(algorithm) << i;
        }
    }
}

TEST(SigningKey, ComesBackFromPkcs8) {
    for (const Algorithm algorithm : asymmetric) {
        const SigningKey key = SigningKey::generate(algorithm).value();
        const SigningKey again = SigningKey::from_pkcs8(key.to_pkcs8().value()).value();
        EXPECT_TRUE(key.verify_key().verify("message", again.sign("message")));
        EXPECT_EQ(again.verify_key().public_jwk()->kid, key.verify_key().public_jwk()->kid);
    }
    for (const std::string_view damaged : {"", "0", "\x30\x82\xff\xff"}) {
        EXPECT_EQ(SigningKey::from_pkcs8(Secret(std::string(damaged))).error().rule,
                  "key.malformed");
    }
}

TEST(SigningKey, OfASharedSecretIsNeverPublishedNorStored) {
    const SigningKey key = SigningKey::from_secret(Secret(std::string(32, 's'))).value();
    EXPECT_TRUE(key.verify_key().verify("message", key.sign("message")));
    EXPECT_FALSE(key.verify_key().public_jwk());
    EXPECT_EQ(key.to_pkcs8().error().rule, "key.algorithm");
    EXPECT_EQ(SigningKey::from_secret(Secret(std::string(31, 's'))).error().rule, "key.weak");
    EXPECT_EQ(SigningKey::generate(Algorithm::HS256).error().rule, "key.algorithm");
}

TEST(VerifyKey, OfEs256RefusesDer) {
    const SigningKey key = SigningKey::generate(Algorithm::ES256).value();
    const std::string raw = key.sign("message");
    ASSERT_EQ(raw.size(), 64);
    // 30 44 02 20 r 02 20 s: right for OpenSSL, wrong for JOSE.
    const std::string der = "\x30\x44\x02\x20" + raw.substr(0, 32) + "\x02\x20" + raw.substr(32);
    EXPECT_FALSE(key.verify_key().verify("message", der));
}

TEST(VerifyKey, OfEs256RefusesNumbersOutOfRange) {
    const SigningKey key = SigningKey::generate(Algorithm::ES256).value();
    const std::string raw = key.sign("message");
    const std::string zero(32, '\0');
    const std::string order =
        text::from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
    const std::string ones(32, '\xff');
    for (const std::string& bad : {zero, order, ones}) {
        EXPECT_FALSE(key.verify_key().verify("message", bad + raw.substr(32)));
        EXPECT_FALSE(key.verify_key().verify("message", raw.substr(0, 32) + bad));
        EXPECT_FALSE(key.verify_key().verify("message", bad + bad));  // the psychic signature
    }
}

// (r, n - s), which anybody can make of (r, s).
std::string other_form(const std::string& raw) {
    KeyHandle key(EVP_EC_gen("P-256"));
    BIGNUM* order = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_EC_ORDER, &order), 1);
    const Handle<BIGNUM, BN_free> n(order);
    const Handle<BIGNUM, BN_free> s(BN_bin2bn(octets(raw) + 32, 32, nullptr));
    EXPECT_EQ(BN_sub(s.get(), n.get(), s.get()), 1);
    std::string other = raw;
    EXPECT_EQ(BN_bn2binpad(s.get(), octets(other) + 32, 32), 32);
    return other;
}

TEST(SigningKey, OfEs256MakesTheLowerOfTheTwoFormsOfASignature) {
    const SigningKey key = SigningKey::generate(Algorithm::ES256).value();
    for (int i = 0; i < 64; ++i) {
        const std::string message = "message " + std::to_string(i);
        const std::string raw = key.sign(message);
        const std::string other = other_form(raw);
        EXPECT_TRUE(has_lowest_form(Algorithm::ES256, raw));
        EXPECT_FALSE(has_lowest_form(Algorithm::ES256, other));
        EXPECT_TRUE(key.verify_key().verify(message, raw));
        EXPECT_TRUE(key.verify_key().verify(message, other)) << "other issuers may send either";
    }
}

TEST(Signature, HasItsLowestFormUpToHalfTheOrder) {
    const std::string r(32, 'r');
    const auto of = [&](std::string_view s) { return r + text::from_hex(s).value(); };
    const struct {
        std::string signature;
        bool is_lowest;
    } cases[] = {
        {of("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"), true},
        {of("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9"), false},
        {of("0000000000000000000000000000000000000000000000000000000000000001"), true},
        {of("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"), false},
        {r, false},  // too short
        {"", false},
    };
    for (const auto& [signature, is_lowest] : cases) {
        EXPECT_EQ(has_lowest_form(Algorithm::ES256, signature), is_lowest)
            << text::to_hex(signature);
    }
    EXPECT_TRUE(has_lowest_form(Algorithm::EdDSA, "any"));
}

// Logto signs with ES384 unless told otherwise.
TEST(VerifyKey, OfP384VerifiesWhatOthersSignedAndSignsNothing) {
    const KeyHandle key(EVP_EC_gen("P-384"));
    Jwk jwk{.kty = "EC", .crv = "P-384"};
    for (const auto& [parameter, member] :
         {std::pair(OSSL_PKEY_PARAM_EC_PUB_X, &Jwk::x), {OSSL_PKEY_PARAM_EC_PUB_Y, &Jwk::y}}) {
        BIGNUM* number = nullptr;
        ASSERT_EQ(EVP_PKEY_get_bn_param(key.get(), parameter, &number), 1);
        std::string bytes(48, '\0');
        BN_bn2binpad(number, octets(bytes), 48);
        BN_free(number);
        jwk.*member = text::to_base64url(bytes);
    }
    const VerifyKey verify_key = VerifyKey::from_jwk(jwk).value();
    EXPECT_EQ(name(verify_key.algorithm()), "ES384");
    EXPECT_EQ(verify_key.public_jwk()->x, jwk.x);
    EXPECT_EQ(verify_key.public_jwk()->crv, "P-384");

    const DigestContext context(EVP_MD_CTX_new());
    std::string der(200, '\0');
    std::size_t size = der.size();
    ASSERT_EQ(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA384", nullptr, nullptr, key.get(),
                                    nullptr),
              1);
    ASSERT_EQ(EVP_DigestSign(context.get(), octets(der), &size, octets("message"), 7), 1);
    const unsigned char* in = octets(der);
    const Handle<ECDSA_SIG, ECDSA_SIG_free> made(
        d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(size)));
    std::string raw(96, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(made.get()), octets(raw), 48);
    BN_bn2binpad(ECDSA_SIG_get0_s(made.get()), octets(raw) + 48, 48);
    EXPECT_TRUE(verify_key.verify("message", raw));
    EXPECT_FALSE(verify_key.verify("massage", raw));
    EXPECT_FALSE(verify_key.verify("message", raw.substr(0, 64)));
    EXPECT_FALSE(verify_key.verify("message", der.substr(0, size)));
    EXPECT_EQ(SigningKey::generate(Algorithm::ES384).error().rule, "key.algorithm");
}

TEST(VerifyKey, AgreesWithWycheproofOnEs256) {
    const auto corpus = read_corpus("ecdsa_secp256r1_sha256_p1363_test.json");
    if (!corpus) GTEST_SKIP() << "no corpora: set MERLON_CORPORA";
    for (const auto& group : corpus->at("testGroups").as_array()) {
        const auto key = VerifyKey::from_public_pem(text_of(group, "publicKeyPem"));
        ASSERT_TRUE(key) << group.at("publicKeyPem");
        for (const auto& test : group.at("tests").as_array()) {
            EXPECT_EQ(key->verify(bytes_of(test, "msg"), bytes_of(test, "sig")), is_valid(test))
                << test;
        }
    }
}

TEST(VerifyKey, AgreesWithWycheproofOnEd25519) {
    const auto corpus = read_corpus("ed25519_test.json");
    if (!corpus) GTEST_SKIP() << "no corpora: set MERLON_CORPORA";
    for (const auto& group : corpus->at("testGroups").as_array()) {
        Jwk jwk{.kty = "OKP", .crv = "Ed25519"};
        jwk.x = text::to_base64url(bytes_of(group.at("publicKey"), "pk"));
        const VerifyKey key = VerifyKey::from_jwk(jwk).value();
        for (const auto& test : group.at("tests").as_array()) {
            EXPECT_EQ(key.verify(bytes_of(test, "msg"), bytes_of(test, "sig")), is_valid(test))
                << test;
        }
    }
}

TEST(VerifyKey, IsOnlyForWhatItsJwkSays) {
    const Jwk es256 = SigningKey::generate(Algorithm::ES256)->verify_key().public_jwk().value();
    const auto with = [&](auto change) {
        Jwk jwk = es256;
        change(jwk);
        return jwk;
    };
    struct Case {
        Jwk jwk;
        std::string_view rule;
    };
    const Case cases[] = {
        {es256, ""},
        {with([](Jwk& k) { k.alg.clear(); }), ""},
        {with([](Jwk& k) { k.use.clear(); }), ""},
        {with([](Jwk& k) { k.key_ops = {"sign", "verify"}; }), ""},
        {with([](Jwk& k) { k.alg = "ES384"; }), "key.algorithm"},
        {with([](Jwk& k) { k.alg = "HS256"; }), "key.algorithm"},  // a public key as a secret
        {with([](Jwk& k) { k.alg = "none"; }), "key.algorithm"},
        {with([](Jwk& k) { k.use = "enc"; }), "key.use"},
        {with([](Jwk& k) { k.key_ops = {"sign"}; }), "key.use"},
        {with([](Jwk& k) { k.key_ops.emplace(); }), "key.use"},
        {with([](Jwk& k) { k.crv = "P-384"; }), "key.malformed"},  // too short
        {with([](Jwk& k) { k.crv = "secp256k1"; }), "key.type"},
        {with([](Jwk& k) { k.kty = "OKP"; }), "key.type"},
        {with([](Jwk& k) { k.kty = ""; }), "key.type"},
        {with([](Jwk& k) { k.x.pop_back(); }), "key.malformed"},
        {with([](Jwk& k) { k.x += "="; }), "key.malformed"},
        {with([](Jwk& k) { k.y = k.x; }), "key.malformed"},                         // off the curve
        {with([](Jwk& k) { k.x = k.y = std::string(43, 'A'); }), "key.malformed"},  // 0, 0
        {{.kty = "oct", .k = text::to_base64url(std::string(32, 'k'))}, ""},
        {{.kty = "oct", .k = text::to_base64url(std::string(31, 'k'))}, "key.weak"},
        {{.kty = "oct", .k = ""}, "key.weak"},
        {{.kty = "oct", .k = "!"}, "key.malformed"},
        {{.kty = "OKP", .crv = "X25519", .x = std::string(43, 'A')}, "key.type"},
        {{.kty = "OKP", .crv = "Ed25519", .x = "AA"}, "key.malformed"},
    };
    for (const auto& [jwk, rule] : cases) {
        EXPECT_EQ(rule_of(jwk), rule) << jwk.kty << jwk.crv << jwk.alg << jwk.use;
    }
}

TEST(VerifyKey, RefusesWeakRsa) {
    const std::string strong = [] {
        return SigningKey::generate(Algorithm::RS256)->verify_key().public_jwk()->n;
    }();
    const auto odd = [](std::size_t bytes) {
        std::string n(bytes, '\xff');
        return text::to_base64url(n);
    };
    struct Case {
        std::string n;
        std::string_view e;
        std::string_view rule;
    };
    const Case cases[] = {
        {strong, "AQAB", ""},
        {strong, "Aw", ""},                     // 3
        {strong, "AQ", "key.weak"},             // 1: every signature is its own message
        {strong, "BA", "key.weak"},             // 4: even
        {strong, "AQAAAAAAAAAB", "key.weak"},   // 65 bits: slow
        {odd(128), "AQAB", "key.weak"},         // 1024 bits
        {odd(255), "AQAB", "key.weak"},         // 2040
        {odd(1'025), "AQAB", "key.malformed"},  // 8200
        {"", "AQAB", "key.malformed"},
        {strong, "", "key.malformed"},
        {strong + "==", "AQAB", "key.malformed"},
    };
    for (const auto& [n, e, rule] : cases) {
        EXPECT_EQ(rule_of({.kty = "RSA", .n = n, .e = std::string(e)}), rule)
            << n.size() << " " << e;
    }
}

// Moduli that the library of CVE-2017-15361 could have made, and their neighbours: k·M + a power of
// 65537 modulo M, where M is the product of the primes to 167. 2,048 bits; their factors do not
// matter to the fingerprint.
TEST(VerifyKey, RefusesAModulusThatCanBeFactored) {
    const auto of_words = [](BN_ULONG power, BN_ULONG added) {
        const Handle<BN_CTX, BN_CTX_free> context(BN_CTX_new());
        const Handle<BIGNUM, BN_free> product(BN_new()), residue(BN_new()), exponent(BN_new());
        const Handle<BIGNUM, BN_free> modulus(BN_new());
        BN_one(product.get());
        for (BN_ULONG prime = 2; prime <= 167; ++prime) {
            bool is_prime = true;
            for (BN_ULONG factor = 2; factor < prime; ++factor) is_prime &= prime % factor != 0;
            if (is_prime) BN_mul_word(product.get(), prime);
        }
        BN_set_word(residue.get(), 65'537);
        BN_set_word(exponent.get(), power);
        BN_mod_exp(residue.get(), residue.get(), exponent.get(), product.get(), context.get());
        BN_lshift(modulus.get(), product.get(), 2'048 - BN_num_bits(product.get()));
        BN_add(modulus.get(), modulus.get(), residue.get());
        BN_add_word(modulus.get(), added);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(modulus.get())), '\0');
        BN_bn2bin(modulus.get(), reinterpret_cast<unsigned char*>(bytes.data()));
        return text::to_base64url(bytes);
    };
    for (const BN_ULONG power : {1, 2, 77, 123'456'789}) {
        EXPECT_EQ(rule_of({.kty = "RSA", .n = of_words(power, 0), .e = "AQAB"}), "key.weak");
        EXPECT_NE(rule_of({.kty = "RSA", .n = of_words(power, 2), .e = "AQAB"}), "key.weak");
    }
}

// The public key's text as HMAC secret (APISIX CVE-2026-39999): there is no way to say it, because
// a public key is no secret and its algorithm is its own.
TEST(VerifyKey, OfRsaDoesNotTakeAMacMadeWithItsOwnText) {
    const Jwk jwk = SigningKey::generate(Algorithm::RS256)->verify_key().public_jwk().value();
    const VerifyKey key = VerifyKey::from_jwk(jwk).value();
    const SigningKey forger = SigningKey::from_secret(Secret(jwk.n)).value();
    EXPECT_FALSE(key.verify("message", forger.sign("message")));
}

TEST(Thumbprint, IsTheExampleOfRfc7638) {
    const Jwk jwk{
        .kty = "RSA",
        .n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSo"
             "c_"
             "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-"
             "65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qN"
             "Lyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
             "apJzKnqDKgw",
        .e = "AQAB"};
    EXPECT_EQ(thumbprint(jwk), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

}  // namespace
}  // namespace merlon::crypto
