// Tests of assertions: each attack ends without a claim being believed, and the caches say nothing
// that a verification would not.
#include "tokens/assertion.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace merlon::tokens {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;
using crypto::SpiffeId;
using namespace std::chrono_literals;

const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};
constexpr std::string_view access_token = "aaa.bbb.ccc";

SpiffeId id_of(std::string_view name) {
    return SpiffeId::of_account("cluster.local", {"shop", name}).value();
}

std::string pack(const SigningKey& key, std::string_view header, std::string_view payload) {
    const std::string text = text::to_base64url(header) + "." + text::to_base64url(payload);
    return text + "." + text::to_base64url(key.sign(text));
}

struct World {
    SpiffeId gateway = id_of("gateway");
    SpiffeId orders = id_of("orders");
    std::shared_ptr<const SigningKey> key =
        std::make_shared<const SigningKey>(SigningKey::generate(Algorithm::ES256).value());
    Asserted asserted{"u1", "s1", "user", {"read:orders", "write:orders"}};

    std::string sign(WallTime at = now) const {
        return sign_assertion(asserted, access_token, gateway, orders, *key, at).value();
    }
    std::string verdict(std::string_view assertion, WallTime at = now) const {
        const auto read =
            verify_assertion(assertion, {gateway, key->verify_key(), orders, access_token}, at);
        return read ? "ok" : std::string(read.error().rule);
    }
};

constexpr std::string_view good_header = R"({"alg":"ES256","typ":"merlon-assertion+jwt"})";

std::string claims(std::string_view replaced = "", std::string_view with = "") {
    std::string text = R"({"iss":"spiffe://cluster.local/ns/shop/sa/gateway",)"
                       R"("aud":"spiffe://cluster.local/ns/shop/sa/orders","sub":"u1","sid":"s1",)"
                       R"("role":"user","permissions":["read:orders"],)"
                       R"("ath":")" +
                       text::to_base64url(crypto::as_text(crypto::sha256(access_token))) +
                       R"(","iat":1767225600,"exp":1767225660})";
    if (!replaced.empty()) text.replace(text.find(replaced), replaced.size(), with);
    return text;
}

TEST(Assertion, SaysForWhomACallerCalls) {
    const World world;
    const auto read = verify_assertion(
        world.sign(), {world.gateway, world.key->verify_key(), world.orders, access_token}, now);
    ASSERT_TRUE(read) << read.error().rule;
    EXPECT_EQ(read->caller, world.gateway);
    EXPECT_EQ(read->asserted.user_id, "u1");
    EXPECT_EQ(read->asserted.session_id, "s1");
    EXPECT_EQ(read->asserted.role, "user");
    EXPECT_EQ(read->asserted.permissions, world.asserted.permissions);
    EXPECT_EQ(world.verdict(pack(*world.key, good_header, claims())), "ok");
}

TEST(Assertion, IsGoodForAMinuteAndTheLeeway) {
    const World world;
    struct Case {
        std::chrono::milliseconds after;
        std::string_view verdict;
    };
    const Case cases[] = {
        {-5'001ms, "assertion.not_yet"},
        {-5s, "ok"},
        {0s, "ok"},
        {64'999ms, "ok"},
        {65s, "assertion.expired"},
        {1h, "assertion.expired"},
    };
    const std::string assertion = world.sign();
    for (const auto& [after, verdict] : cases) {
        EXPECT_EQ(world.verdict(assertion, now + after), verdict) << after.count();
    }
}

TEST(Assertion, ThatIsNotExactlyOneForThisCallIsRefused) {
    const World world;
    const SigningKey other = SigningKey::generate(Algorithm::ES256).value();
    const SigningKey ed25519 = SigningKey::generate(Algorithm::EdDSA).value();
    const SigningKey secret =
        SigningKey::from_secret(Secret(world.key->verify_key().public_jwk()->x)).value();
    const auto signed_as = [&](std::string_view header) {
        return pack(*world.key, header, claims());
    };
    const auto saying = [&](std::string_view replaced, std::string_view with) {
        return pack(*world.key, good_header, claims(replaced, with));
    };
    std::string unsigned_text =
        pack(*world.key, R"({"alg":"none","typ":"merlon-assertion+jwt"})", claims());
    struct Case {
        std::string assertion;
        std::string_view verdict;
    };
    const Case cases[] = {
        // The header, and who signed.
        {unsigned_text, "token.algorithm"},
        {unsigned_text.substr(0, unsigned_text.rfind('.') + 1), "jose.parts"},
        {signed_as(R"({"alg":"ES256","typ":"JWT"})"), "assertion.type"},
        {signed_as(R"({"alg":"ES256"})"), "assertion.type"},
        {signed_as(R"({"alg":"ES256","typ":"Merlon-Assertion+JWT"})"), "assertion.type"},
        {signed_as(R"({"alg":"ES256","typ":"merlon-assertion+jwt","kid":"k"})"), "assertion.type"},
        {signed_as(R"({"alg":"ES256","typ":"merlon-assertion+jwt","jwk":{}})"), "jose.header"},
        {signed_as(R"({"alg":"ES256","typ":"merlon-assertion+jwt","crit":["x"]})"), "jose.header"},
        {signed_as(R"({"alg":"ES256","alg":"ES256","typ":"merlon-assertion+jwt"})"), "jose.header"},
        {signed_as(R"({"alg":"RS256","typ":"merlon-assertion+jwt"})"), "token.algorithm"},
        {pack(other, good_header, claims()), "token.signature"},
        {pack(ed25519, R"({"alg":"EdDSA","typ":"merlon-assertion+jwt"})", claims()),
         "token.algorithm"},
        {pack(secret, R"({"alg":"HS256","typ":"merlon-assertion+jwt"})", claims()),
         "token.algorithm"},
        {world.sign() + "A", "token.signature"},
        {world.sign() + "=", "jose.encoding"},
        {std::string(9'000, 'a'), "jose.too_long"},
        {"", "jose.parts"},
        // For another call.
        {saying("/sa/gateway", "/sa/orders"), "assertion.issuer"},
        {saying("/sa/orders", "/sa/users"), "assertion.audience"},
        {saying(R"("aud":"spiffe://cluster.local/ns/shop/sa/orders")",
                R"("aud":["spiffe://cluster.local/ns/shop/sa/orders"])"),
         "assertion.claims"},
        {saying(R"("aud":"spiffe://cluster.local/ns/shop/sa/orders",)", ""), "assertion.audience"},
        {saying("/sa/orders\"", "/sa/orders/\""), "assertion.audience"},
        {saying(R"("ath":")", R"("ath":"A)"), "assertion.token"},
        {saying(R"("ath")", R"("eth")"), "assertion.token"},
        {sign_assertion(world.asserted, "aaa.bbb.ccd", world.gateway, world.orders, *world.key, now)
             .value(),
         "assertion.token"},
        // Times.
        {saying(R"("exp":1767225660)", R"("exp":1767225661)"), "assertion.claims"},  // longer
        {saying(R"("exp":1767225660)", R"("exp":1767225600)"), "assertion.claims"},
        {saying(R"("exp":1767225660)", R"("exp":"1767225660")"), "assertion.claims"},
        {saying(R"("exp":1767225660)", R"("exp":1767225660.5)"), "assertion.claims"},
        {saying(R"("exp":1767225660)", R"("exp":-1)"), "assertion.claims"},
        {saying(R"(,"exp":1767225660)", ""), "assertion.claims"},
        {saying(R"("iat":1767225600,)", ""), "assertion.claims"},
        {saying(R"("exp":1767225660)", R"("exp":1e999)"), "assertion.claims"},
        // What it says.
        {saying(R"("sub":"u1")", R"("sub":"u1","sub":"u2")"), "assertion.claims"},
        {saying(R"("sub":"u1")", R"("sub":"u1","\u0073ub":"u2")"), "assertion.claims"},
        {saying(R"("sub":"u1")", R"("sub":"")"), "assertion.claims"},
        {saying(R"("sub":"u1",)", ""), "assertion.claims"},
        {saying(R"("sub":"u1")", R"("sub":1)"), "assertion.claims"},
        {saying(R"("sub":"u1")", R"("sub":"u1\r\nX: y")"), "assertion.claims"},
        {saying(R"("role":"user")", R"("role":["admin"])"), "assertion.claims"},
        {saying(R"(["read:orders"])", R"("read:orders")"), "assertion.claims"},
        {saying(R"(["read:orders"])", R"(["a,b"])"), "assertion.claims"},
        {pack(*world.key, good_header, "[]"), "assertion.claims"},
        {pack(*world.key, good_header, ""), "assertion.claims"},
    };
    for (const auto& [assertion, verdict] : cases) {
        EXPECT_EQ(world.verdict(assertion), verdict) << assertion;
    }
}

TEST(Assertion, IsNotLongerThanATokenMayBe) {
    World world;
    world.asserted.permissions.assign(200, std::string(60, 'p'));
    EXPECT_EQ(
        sign_assertion(world.asserted, access_token, world.gateway, world.orders, *world.key, now)
            .error()
            .rule,
        "assertion.too_long");
}

TEST(AssertionIssuer, SignsOnceForAReceiverAndATokenUntilTenSecondsBeforeItsEnd) {
    const World world;
    const AssertionIssuer issuer(world.gateway, world.key);
    AccessToken token;
    token.subject.user_id = world.asserted.user_id;
    const auto issue = [&](std::string_view text, const char* receiver, WallTime at) {
        return std::string(issuer.issue(token, text, id_of(receiver), at)->text());
    };
    const std::string first = issue(access_token, "orders", now);
    EXPECT_EQ(world.verdict(first), "ok");
    EXPECT_EQ(issue(access_token, "orders", now + 49'999ms), first);
    const std::string next = issue(access_token, "orders", now + 50s);
    EXPECT_NE(next, first);
    EXPECT_EQ(world.verdict(next, now + 100s), "ok");
    EXPECT_NE(issue(access_token, "orders", now), next) << "a clock that was put back";
    EXPECT_NE(issue(access_token, "users", now), first);
    EXPECT_EQ(token.assertions.size(), 2U);
    const AccessToken other{.subject = token.subject};
    EXPECT_NE(issuer.issue(other, "aaa.bbb.ddd", world.orders, now)->text(), first);
}

TEST(AssertionVerifier, SaysOfWhatItHasSeenWhatItWouldSayOfTheFirst) {
    const World world;
    AssertionVerifier verifier(world.orders);
    const std::string assertion = world.sign();
    const auto verdict = [&](const SpiffeId& caller, std::string_view token, WallTime at) {
        const auto read = verifier.verify(assertion, caller, world.key->verify_key(), token, at);
        return read ? "ok" : std::string(read.error().rule);
    };
    const auto first =
        *verifier.verify(assertion, world.gateway, world.key->verify_key(), access_token, now);
    EXPECT_EQ(*verifier.verify(assertion, world.gateway, world.key->verify_key(), access_token,
                               now + 64s),
              first);
    EXPECT_EQ(verdict(id_of("users"), access_token, now), "assertion.issuer");  // sent on
    EXPECT_EQ(verdict(world.gateway, "aaa.bbb.ddd", now), "assertion.token");
    EXPECT_EQ(verdict(world.gateway, access_token, now - 6s), "assertion.not_yet");
    EXPECT_EQ(verdict(world.gateway, access_token, now), "ok");
    EXPECT_EQ(verdict(world.gateway, access_token, now + 65s), "assertion.expired");
    AssertionVerifier elsewhere(id_of("users"));
    EXPECT_EQ(elsewhere.verify(assertion, world.gateway, world.key->verify_key(), access_token, now)
                  .error()
                  .rule,
              "assertion.audience");
}

TEST(DigestCache, IsBoundedAndLetsTheLeastRecentlyUsedGo) {
    DigestCache<int> cache(1);
    const auto digest = [](int i) { return crypto::sha256(std::to_string(i)); };
    for (int i = 0; i < 100; ++i) {
        cache.put(digest(i), std::make_shared<const int>(i), now, now + 1h);
        ASSERT_TRUE(cache.find(digest(0), now)) << i;  // in use all the time
    }
    int kept = 0;
    for (int i = 0; i < 100; ++i) kept += cache.find(digest(i), now) != nullptr;
    EXPECT_EQ(kept, 8);
    EXPECT_EQ(*cache.find(digest(99), now), 99);
    cache.put(digest(99), std::make_shared<const int>(1), now, now + 1h);
    EXPECT_EQ(*cache.find(digest(99), now), 1);
}

}  // namespace
}  // namespace merlon::tokens
