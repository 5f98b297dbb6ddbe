// Stored events as lines, also those that somebody wrote into the store.
#include "audit/event_text.h"

#include <gtest/gtest.h>

#include "wire/json.h"

namespace merlon::audit {
namespace {

TEST(EventText, IsOneLineOfTimeSeverityTypeUserAndDetails) {
    struct Case {
        std::string_view stored;
        std::string_view text;
    };
    const Case cases[] = {
        {R"({"type":"LOGIN","severity":"info","userId":"u-1","ip":"","timestamp":"T","details":{}})",
         "T info     LOGIN u-1"},
        {R"({"type":"KEY_ROTATED","severity":"info","userId":"","timestamp":"T","details":{"kid":"k","n":2}})",
         "T info     KEY_ROTATED - kid=k n=2"},
        // A value cannot look like two, nor like none.
        {R"({"type":"X","severity":"critical","userId":"u","timestamp":"T","details":{"a":"b c=d","e":"","f g":"\""}})",
         R"(T critical X u a="b c=d" e="" "f g"="\"")"},
        {"{}", "- -        - -"},
        {R"({"type":{"a":[1,"x"]},"details":7})", R"(- -        {"a":[1,"x"]} -)"},
        {"", "damaged event"},
        {"[1]", "damaged event"},
        {"\x1b[2J", "damaged event"},
    };
    for (const auto& [stored, text] : cases) EXPECT_EQ(event_as_text(stored), text);
}

TEST(EventText, OfJsonIsOneValidObject) {
    const std::string_view stored =
        R"({"type":"LOGIN","severity":"info","userId":"u","timestamp":"T","details":{"n":2,"x":null}})";
    EXPECT_EQ(event_as_json(stored), stored);
    EXPECT_EQ(event_as_json("{"), R"({"error":"damaged event"})");
}

TEST(EventText, SteersNoTerminal) {
    const std::string_view hostile[] = {
        R"(\u001b[2J)",  // escaped in the store, as it should be
        R"(\u009b2J)",
        "\xc2\x9b[2J",  // C1, escaped and raw
        "\xe2\x80\xa8", R"(\r\n)", R"(\u202egnp)", R"(\u007f)",
    };
    for (const std::string_view text : hostile) {
        const std::string stored = R"({"type":")" + std::string(text) + R"(","details":{")" +
                                   std::string(text) + R"(":")" + std::string(text) + R"("}})";
        for (const std::string& line : {event_as_text(stored), event_as_json(stored)}) {
            for (const std::string_view raw :
                 {"\x1b", "\r", "\n", "\xc2\x9b", "\xe2\x80\xa8", "\xe2\x80\xae", "\x7f"}) {
                EXPECT_EQ(line.find(raw), std::string::npos) << line;
            }
        }
        EXPECT_TRUE(wire::parse_json(event_as_json(stored)));
    }
}

}  // namespace
}  // namespace merlon::audit
