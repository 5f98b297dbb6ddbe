// Text formats: their edges.
#include "wire/text_format.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

TEST(TextFormat, KnowsDatesThatExist) {
    for (const std::string_view text :
         {"2024-02-29T23:59:59Z", "1985-04-12t23:20:50.52z", "1990-12-31T23:59:60Z",
          "1937-01-01T12:00:27.87+00:20", "0000-01-01T00:00:00-23:59"}) {
        EXPECT_TRUE(is_date_time(text)) << text;
    }
    for (const std::string_view text :
         {"", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
          "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
          "2024-01-01T00:00:61Z", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z",
          "2024-01-01T00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+24:00",
          "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00Zx", "24-01-01T00:00:00Z",
          "+024-01-01T00:00:00Z", "2024-01-01"}) {
        EXPECT_FALSE(is_date_time(text)) << text;
    }
}

TEST(TextFormat, ReadsDatesAsMillisecondsSince1970) {
    struct Case {
        std::string_view text;
        std::int64_t milliseconds;
    };
    const Case cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-01-02T03:04:05Z", 1'704'164'645'000},
        {"2024-01-02T03:04:05.1Z", 1'704'164'645'100},
        {"2024-01-02T03:04:05.123999999Z", 1'704'164'645'123},  // cut, not rounded
        {"2024-01-02T05:04:05+02:00", 1'704'164'645'000},
        {"2024-01-01T21:34:05-05:30", 1'704'164'645'000},
        {"1990-12-31T23:59:60Z", 662'688'000'000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
    };
    for (const auto& [text, milliseconds] : cases) {
        ASSERT_TRUE(parse_date_time(text)) << text;
        EXPECT_EQ(parse_date_time(text)->time_since_epoch().count(), milliseconds) << text;
    }
}

TEST(TextFormat, KnowsUuidsInOneShape) {
    EXPECT_TRUE(is_uuid_text("018f6B1e-0000-7000-8000-0000000000fF"));
    for (const std::string_view text :
         {"", "{018f6b1e-0000-7000-8000-000000000000}", "018f6b1e000070008000000000000000",
          "018f6b1e-0000-7000-8000-00000000000", "018f6b1e-0000-7000-8000-00000000000g",
          "018f6b1e_0000-7000-8000-000000000000"}) {
        EXPECT_FALSE(is_uuid_text(text)) << text;
    }
}

TEST(TextFormat, KnowsTheSeedsPasswordsToTheLetter) {
    for (const std::string_view text : {"Horse$Battery9", "9aA$", "$Aa1", "Horse$ Battery 9 #",
                                        "Aa1$\xc3\xa9", "Aa1$\xe2\x80\xa8"}) {
        EXPECT_TRUE(is_strong_password(text)) << text;
    }
    for (const std::string_view text :
         {std::string_view(), std::string_view("horse$battery9"),
          std::string_view("HORSE$BATTERY9"), std::string_view("Horse$Battery"),
          std::string_view("HorseBattery9"), std::string_view("#Horse$Battery9"),
          std::string_view(" Horse$Battery9"), std::string_view("Horse$Bat\0tery9", 15),
          std::string_view("Horse$Battery9\n"), std::string_view("Horse$\rBattery9"),
          std::string_view("\xc3\x84Horse$Battery9")}) {
        EXPECT_FALSE(is_strong_password(text)) << text;
    }
}

TEST(TextFormat, CountsCodePoints) {
    EXPECT_EQ(code_points(""), 0U);
    EXPECT_EQ(code_points("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4U);
}

}  // namespace
}  // namespace merlon::wire
