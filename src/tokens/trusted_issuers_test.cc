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
