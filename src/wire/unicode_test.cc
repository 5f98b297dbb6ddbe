// Tests of normal forms and of texts that show nothing.
#include "wire/unicode.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

TEST(Unicode, HasOneNormalFormForWhatKeyboardsWriteDifferently) {
    const struct {
        std::string_view given;
        std::string_view form;
    } cases[] = {
        {"e\u0301", "\u00e9"},
        {"\u00e9", "\u00e9"},
        {"\u212b", "\u00c5"},                // the sign of the angstrom
        {"\u1100\u1161", "\uac00"},          // Hangul by parts
        {"\u0958", "\u0915\u093c"},          // excluded from composition
        {"q\u0307\u0323", "q\u0323\u0307"},  // marks in canonical order
        {"\ufb01", "\ufb01"},                // a ligature is no other way to write two letters
        {std::string_view("a\0b", 3), std::string_view("a\0b", 3)},
        {"", ""},
    };
    for (const auto& [given, form] : cases) EXPECT_EQ(to_nfc(given).value(), form) << given;
    EXPECT_FALSE(to_nfc("\xff").has_value());
    EXPECT_EQ(to_nfc(Secret("e\u0301")).reveal(), "\u00e9");
    EXPECT_EQ(to_nfc(Secret("\xff")).reveal(), "\xff") << "no text, and a password all the same";
}

TEST(Unicode, KnowsTextsThatShowNothing) {
    for (const std::string_view text : {
             "",
             " ",
             "\u00a0\u3000",
             "\t\n",
             "\u200b\u200b",
             "\u2060",
             "\u200e\u200f",
             "\u202e\u202c",
             "\u2066\u2069",
             "\u061c",
             "\ufeff",
             "\u00ad",
             "\u200c\u200d",
             "\u034f",
             "\u115f",
             "\u3164\u3164",
             "\uffa0",
             "\u2800",
             "\u180e",
             "\ufe0f",
             "\U000e0001\U000e0020",
             "\U000e0100",
             "\u2028\u2029",
             "\U0010ffff",
             "\u0378",  // the last: unassigned
         }) {
        EXPECT_FALSE(shows_something(text)) << testing::PrintToString(text);
    }
    for (const std::string_view text : {
             "a", "\u4f1f", " a ", "\u202ea\u202c", "'", "\U0001f600", "\u0645\u06cc\u200c\u062e",
             "\u0301", "\ue000",  // private use: some font shows it
         }) {
        EXPECT_TRUE(shows_something(text)) << testing::PrintToString(text);
    }
}

}  // namespace
}  // namespace merlon::wire
