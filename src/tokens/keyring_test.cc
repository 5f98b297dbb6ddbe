// Tests of our own keys' order and of foreign keys.
#include "tokens/keyring.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "tokens/verifier.h"

namespace merlon::tokens {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;
using std::chrono::seconds;

const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};

Keyring ring_of(Algorithm algorithm) {
    return Keyring::make({RingKey::make(SigningKey::generate(algorithm).value(), now, now)})
        .value();
}

std::string sign(const RingKey& key, std::string_view issuer, std::string_view algorithm = {}) {
    const std::string_view name =
        algorithm.empty() ? crypto::name(key.key->algorithm()) : algorithm;
    const std::string header =
        R"({"alg":")" + std::string(name) + R"(","typ":"JWT","kid":")" + key.kid + R"("})";
    const std::string payload = R"({"sub":"u1","iat":1767225000,"exp":1767226000,"iss":")" +
                                std::string(issuer) +
                                R"(","aud":"microservices-api","scope":"read:products x,y"})";
    const std::string text = text::to_base64url(header) + "." + text::to_base64url(payload);
    return text + "." + text::to_base64url(key.key->sign(text));
}

RingKey key_that_signs_from(WallTime from, std::optional<WallTime> retires_at = {}) {
    return RingKey::make(SigningKey::generate(Algorithm::ES256).value(), now, from, retires_at);
}

TEST(Keyring, SignsWithTheNewestKeyWhoseTimeHasComeAndForgetsTheRetired) {
    const WallTime handover = now + jwks_max_age;
    const WallTime last = handover + seconds{900};
    const RingKey old = key_that_signs_from(now, last);
    const RingKey fresh = key_that_signs_from(handover);
    const Keyring ring = Keyring::make({old, fresh}).value();
    struct Case {
        WallTime at;
        std::string_view signer;
        bool finds_old;
    };
    const Case cases[] = {
        {now - seconds{1}, old.kid, true},  // a clock that went back
        {now, old.kid, true},
        {handover - seconds{1}, old.kid, true},  // published, not yet signing
        {handover, fresh.kid, true},
        {last - seconds{1}, fresh.kid, true},
        {last, fresh.kid, false},
    };
    for (const auto& [at, signer, finds_old] : cases) {
        EXPECT_EQ(ring.signer(at).kid, signer) << at.time_since_epoch();
        EXPECT_EQ(ring.find(old.kid, at) != nullptr, finds_old) << at.time_since_epoch();
        EXPECT_EQ(ring.jwks(at).contains(old.kid), finds_old) << at.time_since_epoch();
        EXPECT_TRUE(ring.jwks(at).contains(fresh.kid)) << at.time_since_epoch();
    }
}

TEST(Verifier, ForgetsAKeyAsSoonAsItLeavesTheRing) {
    const RingKey old = key_that_signs_from(now);
    const RingKey fresh = key_that_signs_from(now);
    const access::Roles roles = access::Roles::defaults();
    CurrentKeys keys(std::make_shared<const Keyring>(Keyring::make({old, fresh}).value()));
    const Verifier verifier({"auth-service", "microservices-api"}, keys, {}, roles);
    const auto token = verifier.verify_access(sign(old, "auth-service"), now);
    ASSERT_TRUE(token) << token.error().rule;
    EXPECT_FALSE(verifier.has_lost_its_key(*token, now));
    const std::uint64_t before = verifier.generation();

    keys.replace(std::make_shared<const Keyring>(Keyring::make({fresh}).value()));
    EXPECT_NE(verifier.generation(), before);
    EXPECT_TRUE(verifier.has_lost_its_key(*token, now));
    EXPECT_EQ(verifier.verify_access(sign(old, "auth-service"), now).error().rule, "token.key");
    EXPECT_TRUE(verifier.verify_access(sign(fresh, "auth-service"), now));
}

TEST(Keyring, NeverPublishesASharedSecret) {
    const Keyring ring = Keyring::of_secret(Secret("k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E")).value();
    EXPECT_EQ(ring.jwks(now), R"({"keys":[]})");
    EXPECT_NE(ring.find(std::nullopt, now), nullptr);
    EXPECT_NE(ring.find(ring.signer(now).kid, now), nullptr);
    EXPECT_EQ(ring.find("other", now), nullptr);
}

TEST(Keyring, FindsNoPublicKeyForATokenThatNamesNone) {
    EXPECT_EQ(ring_of(Algorithm::EdDSA).find(std::nullopt, now), nullptr);
}

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
    const Verifier verifier(
        {"auth-service", "microservices-api"}, keys,
        TrustedIssuers::load({{"https://idp.example", "file:" + file.path, "microservices-api"}})
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
        const auto loaded = TrustedIssuers::load({{"i", "file:" + file.path, "a"}});
        ASSERT_FALSE(loaded) << text;
        EXPECT_EQ(loaded.error().rule, rule) << text;
    }
    EXPECT_EQ(TrustedIssuers::load({{"i", "http://127.0.0.1/", "a"}}).error().rule,
              "trusted.scheme");
}

}  // namespace
}  // namespace merlon::tokens
