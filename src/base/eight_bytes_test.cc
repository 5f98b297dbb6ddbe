// Tests that every byte of a text is looked at, whatever its length.
#include "base/eight_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace merlon {
namespace {

TEST(EightBytes, AreFoundAtEveryPlaceOfEveryLength) {
    const auto has_capital = [](std::string_view text) {
        return any_of_eight_bytes(text, 'a', [](std::uint64_t bytes) {
            return bytes_at_least(bytes, 'A') & ~bytes_at_least(bytes, 'Z' + 1);
        });
    };
    EXPECT_FALSE(has_capital(""));
    for (std::size_t length = 1; length < 40; ++length) {
        EXPECT_FALSE(has_capital(std::string(length, '@'))) << length;
        EXPECT_FALSE(has_capital(std::string(length, '['))) << length;
        for (std::size_t at = 0; at < length; ++at) {
            for (const char c : {'A', 'M', 'Z'}) {
                std::string text(length, 'z');
                text[at] = c;
                EXPECT_TRUE(has_capital(text)) << text;
            }
        }
    }
}

}  // namespace
}  // namespace merlon
