// Tests of what a trusted issuer's token says: whose claims count, and where they are looked for.
#include "tokens/foreign_claims.h"

#include <gtest/gtest.h>

#include "tokens/claims.h"
#include "tokens/test_kit.h"

namespace merlon::tokens {
namespace {

using namespace testing;
using Names = std::vector<std::string>;

Result<AccessToken> read(std::string_view claims, const ForeignClaims& foreign = {}) {
    return parse_access_claims(
        R"({"iss":"https://idp.example","aud":"api","exp":1767226000)" + std::string(claims) + "}",
        {"https://idp.example", "api", Origin::Foreign, foreign}, access::Roles::defaults(), now);
}

TEST(ForeignClaims, ThatHaveAMeaningInOursHaveNoneInOthers) {
    const auto token =
        read(R"(,"sub":"u1","userId":7,"type":"ID","ver":"1.0","role":["admin"],"email":null,)"
             R"("jti":9,"sid":{},"iat":1767225000)");
    ASSERT_TRUE(token) << token.error().detail;
    EXPECT_EQ(token->subject.user_id, "u1");
    EXPECT_EQ(token->subject.role, "");
    EXPECT_EQ(token->version, 0);
    const auto claiming =
        read(R"(,"sub":"u1","userId":"root","role":"admin","email":"root@shop.example")");
    ASSERT_TRUE(claiming) << "and iat may be left out";
    EXPECT_EQ(claiming->subject.user_id, "u1");
    EXPECT_EQ(claiming->subject.email, "");
    EXPECT_EQ(claiming->subject.role, "");
    EXPECT_TRUE(claiming->subject.permissions.none());
}

TEST(ForeignClaims, ThatAreNeededAreReadStrictly) {
    const struct {
        std::string_view claims;
        std::string_view rule;
    } cases[] = {
        {R"(,"userId":"u1")", "ok"},
        {"", "token.claims"},
        {R"(,"sub":"")", "token.claims"},
        {R"(,"sub":7)", "token.claims"},
        {R"(,"sub":"a\r\nX-User-Role: admin")", "token.claims"},
        {R"(,"sub":"u1","iat":"x")", "token.claims"},
        {R"(,"sub":"u1","iat":1767225606)", "token.not_yet"},
        {R"(,"sub":"u1","nbf":1767225606)", "token.not_yet"},
        {R"(,"sub":"u1","exp":1)", "token.claims"},  // twice
    };
    for (const auto& [claims, rule] : cases) {
        const auto token = read(claims);
        EXPECT_EQ(token ? "ok" : token.error().rule, rule) << claims;
    }
}

TEST(ForeignClaims, GivePermissionsFromWhereTheyAreSaidToBe) {
    const struct {
        std::string_view claims;
        ForeignClaims foreign;
        Names permissions;
    } cases[] = {
        {R"("scope":"read:products openid")", {}, {"read:products", "openid"}},
        {R"("scope":["read:products","openid"])", {}, {"read:products", "openid"}},
        {R"("scp":"a b")", {}, {"a", "b"}},
        {R"("scp":["a","b"],"scope":"c a")", {}, {"c", "a", "b"}},
        {R"("scope":"a","permissions":["b"])", {}, {"b"}},
        {R"("scope":7,"scp":[1,"a",null,{},"b,c",""])", {}, {"a"}},
        {R"("scope":"a","roles":["b"])", {.permissions = {"roles"}}, {"b"}},
        {R"("scope":"a","roles":["b"])", {.permissions = {"roles", "scope"}}, {"b", "a"}},
        {R"("scope":"a")", {.permissions = {"roles"}}, {}},
        {R"("a":{"b":{"c":["p"]}})", {.permissions = {"a.b.c"}}, {"p"}},
        {R"("a.b":{"c":["p"]},"a":{"b":{}})", {.permissions = {"a.b.c"}}, {"p"}},
        {R"("a.b.c":["p"],"a":{"b":{"c":["q"]}})", {.permissions = {"a.b.c"}}, {"p"}},
        {R"("a":["b"])", {.permissions = {"a.b"}}, {}},
        {R"("https://shop.example/perms":["p"])",
         {.permissions = {"https://shop.example/perms"}},
         {"p"}},
        {R"("roles":{"admin":{"1":"x"},"user":{}})", {.permissions = {"roles"}}, {"admin", "user"}},
        {R"("scope":"shop/a b shop/ shop/c")", {.prefix = "shop/"}, {"a", "c"}},
        {R"("groups":["user"])",
         {.role = "groups"},
         access::Roles::defaults().permissions_of("user")},
        {R"("groups":["nobody","x:moderator","root"])",
         {.role = "groups", .prefix = "x:"},
         {"read:products"}},
        {R"("groups":["admin","y:admin"])", {.role = "groups", .prefix = "x:"}, {}},
    };
    for (const auto& [claims, foreign, permissions] : cases) {
        const auto token = read(R"(,"sub":"u1",)" + std::string(claims), foreign);
        ASSERT_TRUE(token) << claims << token.error().detail;
        EXPECT_EQ(token->subject.permission_names, permissions) << claims;
    }
    EXPECT_EQ(
        read(R"(,"sub":"u1","groups":["x","admin","user"])", {.role = "groups"})->subject.role,
        "admin");
}

TEST(ForeignClaims, AreForUsByTheClaimThatSaysSo) {
    const auto read_without_aud = [](const ForeignClaims& foreign) {
        return parse_access_claims(R"({"iss":"i","client_id":"api","exp":1767226000,"sub":"u1"})",
                                   {"i", "api", Origin::Foreign, foreign},
                                   access::Roles::defaults(), now);
    };
    EXPECT_EQ(read_without_aud({}).error().rule, "token.audience");
    EXPECT_TRUE(read_without_aud({.audience = "client_id"}));
}

}  // namespace
}  // namespace merlon::tokens
