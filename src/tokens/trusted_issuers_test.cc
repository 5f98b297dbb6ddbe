// Tests of foreign issuers: whose keys speak for whom.
#include "tokens/trusted_issuers.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "tokens/test_kit.h"

namespace merlon::tokens {
namespace {

using namespace testing;

// A JWKS on disk, gone with the test.
struct JwksFile {
    explicit JwksFile(const std::string& text) {
        const int file = ::mkstemp(path.data());
        ::close(file);
        std::ofstream(path) << text;
    }
    ~JwksFile() { ::unlink(path.c_str()); }
    std::string path = "/tmp/merlon-jwks-XXXXXX";
};

TEST(Verifier, BelievesATrustedIssuersKeysForItsOwnTokensOnly) {
    const Keyring own = ring_of(Algorithm::ES256);
    const Keyring foreign = ring_of(Algorithm::EdDSA);
    const JwksFile file(foreign.jwks(now));
    const access::Roles roles = access::Roles::defaults();
    const CurrentKeys keys(std::make_shared<const Keyring>(own));
    Sets f;
    const Verifier verifier(
        {"auth-service", "microservices-api"}, keys,
        TrustedIssuers::load({{"https://idp.example", "file:" + file.path, "microservices-api"}},
                             f.sets)
            .value(),
        roles);
    const RingKey& ours = own.signer(now);
    const RingKey& theirs = foreign.signer(now);
    struct Case {
        std::string token;
        std::string_view rule;
    };
    const Case cases[] = {
        {sign(ours, "auth-service"), "ok"},
        {sign(theirs, "https://idp.example"), "ok"},
        {sign(theirs, "auth-service"), "token.key"},       // a foreign key cannot speak for us
        {sign(ours, "https://idp.example"), "token.key"},  // nor ours for them
        {sign(theirs, "https://other.example"), "token.issuer"},
        {sign(theirs, "https://idp.example", "HS256"), "token.algorithm"},
        {sign(ours, "auth-service", "none"), "token.algorithm"},
    };
    for (const auto& [token, rule] : cases) {
        const auto verified = verifier.verify_access(token, now);
        EXPECT_EQ(verified ? "ok" : verified.error().rule, rule);
    }
    const auto token = verifier.verify_access(sign(theirs, "https://idp.example"), now);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->origin, Origin::Foreign);
    EXPECT_EQ(token->subject.permission_names, std::vector<std::string>{"read:products"});
}

// A JWKS entry of a key, with other names.
std::string jwk_of(const RingKey& key, std::string_view kid, bool has_algorithm = true) {
    crypto::Jwk jwk = key.verify_key.public_jwk().value();
    jwk.kid = kid;
    if (!has_algorithm) jwk.alg.clear();
    const std::string set = to_json({jwk});
    return set.substr(9, set.size() - 11);  // within {"keys":[ and ]}
}

std::string sign_as(const RingKey& key, std::string_view members) {
    const std::string header =
        R"({"alg":")" + std::string(name(key.key->algorithm())) + "\"" + std::string(members) + "}";
    const std::string text = text::to_base64url(header) + "." + text::to_base64url("{}");
    return text + "." + text::to_base64url(key.key->sign(text));
}

TEST(TrustedIssuers, ChooseAKeyByItsNameAndAlgorithmAndTryTheRest) {
    const Keyring rings[] = {ring_of(Algorithm::ES256), ring_of(Algorithm::ES256),
                             ring_of(Algorithm::EdDSA), ring_of(Algorithm::ES256)};
    const RingKey& first = rings[0].signer(now);
    const RingKey& second = rings[1].signer(now);
    const RingKey& edwards = rings[2].signer(now);
    const RingKey& stranger = rings[3].signer(now);
    struct Case {
        std::string keys;
        std::string token;
        std::string_view rule;
        std::string_view why;
    };
    const std::string both = jwk_of(first, "") + "," + jwk_of(second, "");
    const std::string one_name = jwk_of(edwards, "k") + "," + jwk_of(second, "k", false);
    const std::string named = jwk_of(first, "a") + "," + jwk_of(second, "b");
    const Case cases[] = {
        {both, sign_as(first, ""), "ok", "two keys without a kid"},
        {both, sign_as(second, ""), "ok", "the second of them"},
        {both, sign_as(second, R"(,"kid":"x")"), "ok", "the set names none"},
        {both, sign_as(stranger, ""), "token.signature", ""},
        {both, sign_as(edwards, ""), "token.algorithm", ""},
        {one_name, sign_as(second, R"(,"kid":"k")"), "ok", "one kid, two algorithms"},
        {one_name, sign_as(edwards, R"(,"kid":"k")"), "ok", ""},
        {one_name, sign_as(first, R"(,"kid":"k")"), "token.signature", ""},
        {named, sign_as(second, ""), "ok", "the token names none: ADFS says x5t"},
        {named, sign_as(second, R"(,"kid":"a")"), "token.signature", "what it names is meant"},
        {named, sign_as(second, R"(,"kid":"c")"), "token.key", ""},
        {named + "," + jwk_of(edwards, ""), sign_as(edwards, R"(,"kid":"c")"), "ok", ""},
    };
    for (const auto& [keys, token, rule, why] : cases) {
        const JwksFile file(R"({"keys":[)" + keys + "]}");
        Sets f;
        const auto loaded = TrustedIssuers::load({{"i", "file:" + file.path, "a"}}, f.sets);
        ASSERT_TRUE(loaded) << keys;
        const auto checked = loaded->find("i")->check(wire::CompactJws::parse(token).value());
        EXPECT_EQ(checked ? "ok" : checked.error().rule, rule) << why << " " << keys;
    }
}

TEST(TrustedIssuers, SayWhatIsWrongWithAKeySet) {
    struct Case {
        std::string text;
        std::string_view rule;
    };
    const Case cases[] = {
        {"", "trusted.unreadable"},
        {"no JSON", "jwks.malformed"},
        {R"({"keys":{}})", "jwks.malformed"},
        {R"({"keys":[]})", "jwks.empty"},
        {R"({"keys":[{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMy"}]})",
         "jwks.empty"},
    };
    for (const auto& [text, rule] : cases) {
        const JwksFile file(text);
        Sets f;
        const auto loaded = TrustedIssuers::load({{"i", "file:" + file.path, "a"}}, f.sets);
        ASSERT_FALSE(loaded) << text;
        EXPECT_EQ(loaded.error().rule, rule) << text;
    }
    Sets f;
    const TrustedIssuer one{"i", "https://idp.example/keys", "a"};
    EXPECT_EQ(TrustedIssuers::load({one, one}, f.sets).error().rule, "trusted.duplicate");
}

}  // namespace
}  // namespace merlon::tokens
