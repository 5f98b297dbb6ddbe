// Tests of the recognition of published secrets.
#include "crypto/shared_secret.h"

#include <gtest/gtest.h>

#include "base/entropy.h"
#include "base/text.h"

namespace merlon::crypto {
namespace {

std::string_view rule_of(std::string secret) {
    const auto checked = check_shared_secret(Secret(std::move(secret)));
    return checked ? "" : checked.error().rule;
}

TEST(SharedSecret, IsNoPublishedSampleHoweverItIsSpelled) {
    for (const std::string secret : {
             "your-secret-key-your-secret-key-your-secret-key",          // repeated to length
             "your-secret-key-your-secret-key-your-sec",                 // and cut
             "your-256-bit-secret-your-256-bit-secret",                  // jwt.io, old
             "a-string-secret-at-least-256-bits-long",                   // jwt.io, new
             "super-secret-jwt-token-with-at-least-32-characters-long",  // Supabase
             "YOUR_SUPER_SECRET_JWT_KEY_CHANGE_ME_IN_PRODUCTION",        // case and separators
             "changemechangemechangemechangemechangeme",                 //
             "change-me!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",                  // padded with a symbol
             "secret                          ",                         // padded with spaces
             "secret00000000000000000000000000",                         // padded with zeros
             "12345678901234567890123456789012",                         // counted
             "keyboard cat keyboard cat keyboard cat",                   // express-session
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",                 // one character
             "abababababababababababababababababababab",                 // two
         }) {
        EXPECT_EQ(rule_of(secret), "secret.sample") << secret;
    }
    EXPECT_EQ(rule_of(std::string(32, '\0')), "secret.sample");
}

TEST(SharedSecret, HasThirtyTwoBytes) {
    for (const std::string secret :
         {"", "secret", "your-secret-key", "0123456789abcdefghijklmnopqrst"}) {
        EXPECT_EQ(rule_of(secret), "secret.short") << secret;
    }
}

TEST(SharedSecret, MayBeAnythingRandom) {
    SeededEntropy entropy(3);
    for (int i = 0; i < 2'000; ++i) {
        const std::string bytes = entropy.bytes(32);
        EXPECT_EQ(rule_of(bytes), "");
        EXPECT_EQ(rule_of(text::to_hex(bytes)), "");
        EXPECT_EQ(rule_of(text::to_base64url(bytes)), "");
        std::string digits(40, '0');
        for (std::size_t d = 0; d < digits.size(); ++d) {
            digits[d] = static_cast<char>('0' + static_cast<unsigned char>(bytes[d % 32]) % 10);
        }
        EXPECT_EQ(rule_of(digits), "");
    }
}

}  // namespace
}  // namespace merlon::crypto
