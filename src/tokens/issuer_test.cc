// Tests of our own tokens: what a refresh token is, and what it is not.
#include "tokens/issuer.h"

#include <gtest/gtest.h>

#include "tokens/test_kit.h"

namespace merlon::tokens {
namespace {

using namespace testing;

struct Fixture {
    Fixture() {
        settings.issuer = "https://auth.example";
        SigningKey key = SigningKey::generate(Algorithm::ES256).value();
        const Secret der = key.to_pkcs8().value();
        const auto ring_of = [](SigningKey one) {
            return std::make_shared<const Keyring>(
                Keyring::make({RingKey::make(std::move(one), now, now)}).value());
        };
        const auto signing = ring_of(std::move(key));
        rings = {signing, ring_of(refresh_key_of(der).value()), signing};
    }
    Issuer issuer() { return {settings, rings, entropy}; }
    std::string sign_claims(const Keyring& ring, std::string_view type, std::string_view claims) {
        const RingKey& key = ring.signer(now);
        const std::string header = R"({"alg":")" + std::string(name(key.key->algorithm())) +
                                   R"(","typ":")" + std::string(type) + R"(","kid":")" + key.kid +
                                   R"("})";
        const std::string text = text::to_base64url(header) + "." + text::to_base64url(claims);
        return text + "." + text::to_base64url(key.key->sign(text));
    }

    TokenSettings settings;
    SystemEntropy entropy;
    Rings rings;
};

TEST(RefreshToken, SaysThatItIsOneAndForWhom) {
    Fixture f;
    const std::string token = f.issuer().issue_refresh({"u1", "t1"}, now);
    const auto jws = wire::CompactJws::parse(token).value();
    EXPECT_EQ(jws.type, "rt+jwt");
    EXPECT_NE(jws.payload.find(R"("aud":"https://auth.example/refresh")"), std::string::npos);
    EXPECT_EQ(f.rings.access->find(jws.key_id, now), nullptr) << "its key is published";
    const auto read = f.issuer().verify_refresh(token, now);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->token_id, "t1");
}

TEST(RefreshToken, OutlivesAnotherIssuerAndWhatARefreshOfAReleaseBeforeLookedLike) {
    Fixture f;
    const std::string token = f.issuer().issue_refresh({"u1", "t1"}, now);
    f.settings.issuer = "https://new.example";
    EXPECT_TRUE(f.issuer().verify_refresh(token, now));

    const std::string former = R"({"userId":"u1","tokenId":"t1","type":"refresh",)"
                               R"("iat":1767225000,"exp":1767226000})";
    const std::string good = f.sign_claims(*f.rings.former_refresh, "JWT", former);
    EXPECT_TRUE(f.issuer().verify_refresh(good, now));
    EXPECT_FALSE(f.issuer().verify_refresh(good, now + seconds{400})) << "it has expired";
}

TEST(RefreshToken, IsNothingElse) {
    Fixture f;
    const auto claims = [](std::string_view more) {
        return R"({"userId":"u1","tokenId":"t1","sub":"u1","iat":1767225000,"exp":1767226000)" +
               std::string(more) + "}";
    };
    const std::string whole = claims(R"(,"type":"refresh","aud":"https://auth.example/refresh")");
    struct Case {
        std::string token;
        bool is_good;
        std::string_view why;
    };
    const Case cases[] = {
        {f.sign_claims(*f.rings.refresh, "rt+jwt", whole), true, ""},
        {f.sign_claims(*f.rings.access, "rt+jwt", whole), false, "a published key"},
        {f.sign_claims(*f.rings.refresh, "JWT", whole), false, "the type of an access token"},
        {f.sign_claims(*f.rings.refresh, "rt+jwt", claims(R"(,"type":"refresh")")), false,
         "for nobody"},
        {f.sign_claims(*f.rings.refresh, "rt+jwt",
                       claims(R"(,"type":"refresh","aud":"microservices-api")")),
         false, "for others"},
        {f.sign_claims(*f.rings.refresh, "rt+jwt", claims(R"(,"aud":"x/refresh")")), false,
         "no type"},
        {f.sign_claims(*f.rings.access, "JWT", claims("")), false, "an access token"},
    };
    for (const auto& [token, is_good, why] : cases) {
        EXPECT_EQ(f.issuer().verify_refresh(token, now).has_value(), is_good) << why;
    }
}

TEST(RefreshToken, IsNoAccessTokenWhateverItsKeySaysOfIt) {
    Fixture f;
    const access::Roles roles = access::Roles::defaults();
    const CurrentKeys keys(f.rings.access);
    const Verifier verifier({"https://auth.example", "microservices-api"}, keys, {}, roles);
    const std::string claims = R"({"sub":"u1","iat":1767225000,"exp":1767226000,)"
                               R"("iss":"https://auth.example","aud":"microservices-api"})";
    const struct {
        std::string_view type;
        std::string_view rule;
    } cases[] = {
        {"JWT", "ok"},
        {"at+jwt", "ok"},
        {"application/at+jwt", "ok"},
        {"AT+JWT", "ok"},
        {"rt+jwt", "token.type"},
        {"RT+JWT", "token.type"},
        {"application/rt+jwt", "token.type"},
        {"logout+jwt", "token.type"},
    };
    for (const auto& [type, rule] : cases) {
        const auto verified =
            verifier.verify_access(f.sign_claims(*f.rings.access, type, claims), now);
        EXPECT_EQ(verified ? "ok" : verified.error().rule, rule) << type;
    }
    const auto own = verifier.verify_access(f.issuer().issue_refresh({"u1", "t1"}, now), now);
    ASSERT_FALSE(own);
}

}  // namespace
}  // namespace merlon::tokens
