// Tests the names and expiry of session keys.
#include "identity/revocation/session_key.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace merlon::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view ada = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21";
const WallTime now{milliseconds{1'767'225'600'250}};  // a quarter into a second
const WallTime latest = now + std::chrono::hours{1};

std::string token_of(std::string_view claims) {
    return text::to_base64url(R"({"alg":"ES256"})") + "." + text::to_base64url(claims) + "." +
           text::to_base64url("signature");
}

TEST(SessionKey, OfATokenIsTheSeedsAndLastsAsLongAsTheToken) {
    const std::string token = token_of(R"({"exp":1767226500})");
    const auto key = SessionKey::of_token(ada, token, latest);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->name, "revoked:0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21:" + token);
    EXPECT_FALSE(key->is_of_version());
    const struct {
        WallTime at;
        std::int64_t left;
    } cases[] = {
        {now, 900},  // 899.75: rounded up
        {now + seconds{899}, 1},
        {WallTime{seconds{1'767'226'500}} - milliseconds{1}, 1},
        {WallTime{seconds{1'767'226'500}}, 0},
        {WallTime{seconds{1'767'226'501}}, -1},
    };
    for (const auto& [at, left] : cases) EXPECT_EQ(key->seconds_left(at), left);
}

TEST(SessionKey, OfASessionNamesTheSessionWhateverTheTextOfItsTokens) {
    const auto key = SessionKey::of_session(ada, latest);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->name, "revoked:session:0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21");
    EXPECT_FALSE(key->is_of_version());
    EXPECT_EQ(key->until, latest);
    EXPECT_FALSE(SessionKey::of_session("*", latest));
}

TEST(SessionKey, OfATokenIsNotNeededLongerThanAnyTokenLives) {
    const auto key = SessionKey::of_token(ada, token_of(R"({"exp":4070908800})"), latest);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->until, latest);
}

TEST(SessionKey, IsMadeOfUsersAndTokensOnly) {
    const std::string good = token_of(R"({"exp":1767226500})");
    const struct {
        std::string user, token;
    } cases[] = {
        {"", good},
        {"*", good},
        {std::string(ada) + ":x", good},
        {std::string(ada), ""},
        {std::string(ada), "a.b"},
        {std::string(ada), good + ".x"},
        {std::string(ada), good + "\r\n"},
        {std::string(ada), good + " "},
        {std::string(ada), std::string(9 << 10, 'a') + good},  // longer than any token
        {std::string(ada), token_of(R"({"exp":"1767226500"})")},
        {std::string(ada), token_of(R"({"iat":1767226500})")},
        {std::string(ada), token_of("[]")},
    };
    for (const auto& [user, token] : cases) {
        EXPECT_FALSE(SessionKey::of_token(user, token, latest)) << user << " " << token;
    }
    EXPECT_FALSE(SessionKey::of_version("everybody", 2, now));
}

TEST(SessionKey, OfAVersionOutlivesTheTokensByAnHour) {
    const auto key = SessionKey::of_version(ada, 7, now);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->name, "token:version:0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21");
    EXPECT_TRUE(key->is_of_version());
    EXPECT_EQ(key->version, 7);
    EXPECT_EQ(key->seconds_left(now), 3'600);
}

}  // namespace
}  // namespace merlon::identity
