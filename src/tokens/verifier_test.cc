// Tests of token verification: the attacks of the field, each of which must end without a claim
// being believed.
#include "tokens/verifier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/mac.h"
#include "tokens/token_cache.h"

namespace merlon::tokens {
namespace {

constexpr std::string_view secret_text = "0123456789abcdef0123456789ABCDEF";
const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};

std::string sign(std::string_view header, std::string_view payload,
                 std::string_view secret = secret_text) {
    const std::string text = text::to_base64url(header) + "." + text::to_base64url(payload);
    const crypto::HmacSha256 mac{Secret(std::string(secret))};
    return text + "." + text::to_base64url(crypto::as_text(mac.mac(text)));
}

std::string claims(std::string_view replaced = "", std::string_view with = "") {
    std::string text =
        R"({"userId":"u1","sub":"u1","email":"a@example.com","role":"user",)"
        R"("permissions":["read:products"],"jti":"j1","sid":"s1","ver":3,)"
        R"("iat":1767225000,"exp":1767226000,"iss":"auth-service","aud":"microservices-api"})";
    if (!replaced.empty()) text.replace(text.find(replaced), replaced.size(), with);
    return text;
}

constexpr std::string_view good_header = R"({"alg":"HS256","typ":"JWT"})";

struct Fixture {
    access::Roles roles = access::Roles::defaults();
    CurrentKeys keys{std::make_shared<const Keyring>(
        Keyring::of_secret(Secret(std::string(secret_text))).value())};
    Verifier verifier{{"auth-service", "microservices-api"}, keys, {}, roles};
    std::string verdict(std::string_view token) const {
        const auto verified = verifier.verify_access(token, now);
        return verified ? "ok" : std::string(verified.error().rule);
    }
};

TEST(Verifier, GivesWhatAGenuineTokenSays) {
    const Fixture f;
    const auto token = f.verifier.verify_access(sign(good_header, claims()), now);
    ASSERT_TRUE(token) << token.error().rule;
    EXPECT_EQ(token->subject.user_id, "u1");
    EXPECT_EQ(token->session_id, "s1");
    EXPECT_EQ(token->version, 3);
    EXPECT_EQ(token->subject.permissions.count(), 1U);
}

// A foreign issuer's users and sessions may have the identifiers of ours: it would be signed out by
// whoever signs out here.
TEST(AccessClaims, NameWhatMayBeRevokedOnlyInOurOwnTokens) {
    constexpr std::string_view session = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21";
    constexpr std::string_view user = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d22";
    const auto ids = [](std::string_view sid, std::string_view sub) {
        return fmt::format(R"({{"sub":"{}","sid":"{}","iat":1767225000,"exp":1767226000,)"
                           R"("iss":"auth-service","aud":"microservices-api"}})",
                           sub, sid);
    };
    struct Case {
        Origin origin;
        std::string claims;
        bool names_session;
        bool names_user;
    };
    const Case cases[] = {
        {Origin::Own, ids(session, user), true, true},
        {Origin::Own, ids("", user), false, true},
        {Origin::Own, ids(session, "u1"), true, false},
        {Origin::Foreign, ids(session, user), false, false},
    };
    const Fixture f;
    for (const auto& [origin, claims, names_session, names_user] : cases) {
        const auto token = parse_access_claims(
            claims, {"auth-service", "microservices-api", origin}, f.roles, now);
        ASSERT_TRUE(token) << token.error().rule;
        EXPECT_EQ(token->revocable.session,
                  names_session ? RevokedId::parse(session) : std::nullopt);
        EXPECT_EQ(token->revocable.user, names_user ? RevokedId::parse(user) : std::nullopt);
    }
}

TEST(Verifier, RefusesWhatChangesHowATokenIsRead) {
    const Fixture f;
    struct Case {
        std::string header;
        std::string_view rule;
    };
    const Case cases[] = {
        {R"({"alg":"none"})", "token.algorithm"},
        {R"({"alg":"NONE"})", "token.algorithm"},
        {R"({"alg":"hs256"})", "token.algorithm"},
        {R"({"alg":"HS512"})", "token.algorithm"},
        {R"({"alg":"RS256"})", "token.algorithm"},  // a public key as HMAC secret
        {R"({"alg":""})", "jose.header"},
        {R"({"alg":null})", "jose.header"},
        {R"({"alg":["HS256"]})", "jose.header"},
        {R"({"typ":"JWT"})", "jose.header"},
        {R"({"alg":"HS256","alg":"none"})", "jose.header"},
        {R"({"alg":"HS256","crit":[]})", "jose.header"},
        {R"({"alg":"HS256","crit":["exp"]})", "jose.header"},
        {R"({"alg":"HS256","b64":false})", "jose.header"},
        {R"({"alg":"HS256","zip":"DEF"})", "jose.header"},
        {R"({"alg":"HS256","jwk":{"kty":"oct","k":"AA"}})", "jose.header"},
        {R"({"alg":"HS256","jku":"https://evil.example/"})", "jose.header"},
        {R"({"alg":"HS256","x5u":"https://evil.example/"})", "jose.header"},
        {R"({"alg":"HS256","x5c":["AA"]})", "jose.header"},
        {R"({"alg":"HS256","kid":"../../dev/null"})", "token.key"},
        {R"({"alg":"HS256","kid":"' OR 1=1 --"})", "token.key"},
        {R"({"alg":"HS256","kid":"\u0000"})", "jose.kid"},
        {R"({"alg":"HS256","kid":7})", "jose.header"},
        {R"({"alg":"HS256","kid":{}})", "jose.header"},
        {R"({"alg":"HS256","kid":")" + std::string(200, 'k') + "\"}", "jose.kid"},
        {R"([])", "jose.header"},
        {std::string(3'000, '['), "jose.header"},
    };
    for (const auto& [header, rule] : cases)
        EXPECT_EQ(f.verdict(sign(header, claims())), rule) << header;
}

TEST(Verifier, RefusesAnySpellingButTheOne) {
    const Fixture f;
    const std::string good = sign(good_header, claims());
    const std::size_t dot = good.rfind('.');
    std::string other_bits =
        good;  // the last character's unused bits set: same bytes to a lax decoder
    other_bits.back() = other_bits.back() == 'A' ? 'B' : static_cast<char>(other_bits.back() + 1);
    struct Case {
        std::string token;
        std::string_view why;
    };
    const Case cases[] = {
        {"", "empty"},
        {"..", "three empty parts"},
        {good.substr(0, dot), "two parts"},
        {good.substr(0, dot + 1), "empty signature"},
        {good + ".x", "four parts"},
        {good + "=", "padding"},
        {good + " ", "space"},
        {" " + good, "space"},
        {good + "\n", "line feed"},
        {other_bits, "trailing bits"},
        {good.substr(0, dot) + "." + sign(good_header, claims(), "x").substr(dot + 1), "other key"},
        {std::string(8 << 20, 'a'), "8 MiB"},
        {R"({"payload":"","signatures":[]})", "JSON serialization"},
    };
    for (const auto& [token, why] : cases) EXPECT_NE(f.verdict(token), "ok") << why;
}

TEST(Verifier, RefusesClaimsThatAreMissingMistypedOrNotForUs) {
    const Fixture f;
    struct Case {
        std::string_view claim;
        std::string_view with;
        std::string_view rule;
    };
    const Case cases[] = {
        {R"("exp":1767226000)", R"("exp":1767225600)", "token.expired"},  // no leeway on exp
        {R"("exp":1767226000)", R"("exp":1767225601)", "ok"},
        {R"("exp":1767226000)", R"("exp":"1767226000")", "token.claims"},
        {R"("exp":1767226000)", R"("exp":null)", "token.claims"},
        {R"("exp":1767226000)", R"("exp":-1)", "token.claims"},
        {R"("exp":1767226000)", R"("exp":1e300)", "token.claims"},
        {R"("exp":1767226000)", R"("exp":1e999)", "token.claims"},
        {R"("exp":1767226000)", R"("exp":1767226000.5)", "token.claims"},
        {R"(,"exp":1767226000)", "", "token.claims"},  // missing is not eternal
        {R"("iat":1767225000,)", "", "token.claims"},
        {R"("iat":1767225000)", R"("iat":1767225605)", "ok"},
        {R"("iat":1767225000)", R"("iat":1767225606)", "token.not_yet"},
        {R"("iat":1767225000)", R"("iat":1767225000,"nbf":1767225606)", "token.not_yet"},
        {R"("iat":1767225000)", R"("iat":1767225000,"nbf":"0")", "token.claims"},
        {R"("iss":"auth-service")", R"("iss":"other")", "token.issuer"},
        {R"("iss":"auth-service")", R"("iss":["auth-service"])", "token.issuer"},
        {R"("aud":"microservices-api")", R"("aud":"other")", "token.audience"},
        {R"("aud":"microservices-api")", R"("aud":["x","microservices-api"])", "ok"},
        {R"("aud":"microservices-api")", R"("aud":{})", "token.audience"},
        {R"("sub":"u1")", R"("sub":"u2")", "token.claims"},
        {R"("sub":"u1")", R"("type":"refresh")", "token.type"},
        {R"("sub":"u1")", R"("type":7)", "token.type"},
        {R"("sub":"u1")", R"("type":"")", "token.type"},
        {R"("sub":"u1")", R"("type":"access")", "ok"},
        {R"("sub":"u1")", R"("userId":"admin")", "token.claims"},  // a claim twice
        {R"("email":"a@example.com")", R"("email":"a\r\nX-User-Role: admin")", "token.claims"},
        {R"(["read:products"])", R"(["read:products,write:products"])", "token.claims"},
        {R"(["read:products"])", R"("read:products")", "token.claims"},
        {R"("ver":3)", R"("ver":"3")", "token.claims"},
    };
    for (const auto& [claim, with, rule] : cases) {
        EXPECT_EQ(f.verdict(sign(good_header, claims(claim, with))), rule) << with;
    }
}

TEST(Verifier, RefusesASecretThatOthersKnowOrGuess) {
    const access::Roles roles = access::Roles::defaults();
    for (const std::string_view bad :
         {"", "short", "0123456789abcdef0123456789abcde", "your-secret-key-your-secret-key-1234",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "CHANGEME-CHANGEME-CHANGEME-CHANGEME"}) {
        const auto made = Keyring::of_secret(Secret(std::string(bad)));
        ASSERT_FALSE(made) << bad;
        EXPECT_TRUE(made.error().rule.starts_with("secret.")) << made.error().rule;
    }
}

TEST(TokenCache, HoldsATokenUntilItExpiresAndForgetsTheLeastRecentlyUsedFirst) {
    TokenCache cache(1);
    const auto text = [](int number) {
        return "header.claims.signature-" + std::to_string(number);
    };
    AccessToken token;
    token.expires_at = now + std::chrono::seconds{1};
    EXPECT_EQ(cache.find(text(0), now), nullptr);
    for (int i = 0; i < 8; ++i) cache.put(text(i), token);
    EXPECT_NE(cache.find(text(0), now), nullptr);
    cache.put(text(8), token);  // 1 was used least recently
    EXPECT_EQ(cache.find(text(1), now), nullptr);
    const auto kept = cache.find(text(0), now);
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(cache.find(text(0), now + std::chrono::seconds{1}), nullptr);
    EXPECT_EQ(cache.find("short", now), nullptr);   // while a place is empty
    EXPECT_EQ(kept->expires_at, token.expires_at);  // a request in flight keeps its own
    cache.put(text(9), token);                      // into the place that 0 left
    for (int i = 2; i < 10; ++i) EXPECT_NE(cache.find(text(i), now), nullptr) << i;
    cache.flush();
    EXPECT_EQ(cache.find(text(2), now), nullptr);
}

TEST(TokenCache, HasNoTokenOfTheFuture) {
    TokenCache cache(1);
    AccessToken token;
    token.good_from = now;
    token.expires_at = now + std::chrono::seconds{1};
    cache.put("header.claims.signature", token);
    EXPECT_EQ(cache.find("header.claims.signature", now - std::chrono::milliseconds{1}), nullptr)
        << "the clock was put back: to be verified again, and refused";
}

// Its tag is the one of places where no token is.
TEST(TokenCache, FindsNothingForATextTooShortToBeAToken) {
    TokenCache cache(1);
    AccessToken token;
    token.expires_at = now + std::chrono::seconds{1};
    cache.put("header.claims.signature", token);
    for (const std::string_view text : {"", "x", "1234567"}) {
        EXPECT_EQ(cache.find(text, now), nullptr) << text;
    }
}

}  // namespace
}  // namespace merlon::tokens
