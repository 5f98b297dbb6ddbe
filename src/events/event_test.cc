// Security events as log lines: stable names, one valid JSON object whatever the values hold.
#include "events/event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "base/entropy.h"
#include "wire/json_text.h"

namespace merlon::events {
namespace {

Event event_with(std::string value) {
    return {.type = Type::FailedLoginAttempt,
            .severity = Severity::Warning,
            .time = WallTime{std::chrono::milliseconds{1'767'225'600'007}},
            .user_id = "u1",
            .ip = "192.0.2.1",
            .details = {{"route", std::move(value)}}};
}

std::string json_string(std::string_view text) {
    std::string out;
    wire::append_json_string(out, text);
    return out;
}

TEST(Event, IsOneJsonObjectWithTheSeedsMembers) {
    EXPECT_EQ(to_json(event_with("/api/auth/login")),
              R"({"type":"FAILED_LOGIN_ATTEMPT","severity":"warning","userId":"u1",)"
              R"("ip":"192.0.2.1","timestamp":"2026-01-01T00:00:00.007Z",)"
              R"("details":{"route":"/api/auth/login"}})");
    EXPECT_EQ(to_json({.type = Type::Logout, .severity = Severity::Info, .time = WallTime{}}),
              R"({"type":"LOGOUT","severity":"info","userId":"","ip":"",)"
              R"("timestamp":"1970-01-01T00:00:00.000Z","details":{}})");
}

TEST(Event, NamesAreStableAndDistinct) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < types; ++i) names.insert(name(static_cast<Type>(i)));
    const std::set<std::string_view> contract = {"FAILED_LOGIN_ATTEMPT",
                                                 "UNAUTHORIZED_ACCESS",
                                                 "LOGIN",
                                                 "LOGOUT",
                                                 "REGISTERED",
                                                 "ACCOUNT_LOCKED",
                                                 "REFRESH_REUSE",
                                                 "SESSION_REVOKED",
                                                 "PASSWORD_CHANGED",
                                                 "ROLE_CHANGED",
                                                 "INVALID_TOKEN",
                                                 "RATE_LIMITED",
                                                 "KEY_ROTATED",
                                                 "CONFIG_RELOADED",
                                                 "CERTIFICATE_EXPIRING",
                                                 "ADMIN_ACTION"};
    EXPECT_EQ(names, contract);
    EXPECT_EQ(default_severity(Type::FailedLoginAttempt), Severity::Warning);  // seed
    EXPECT_EQ(default_severity(Type::RefreshReuse), Severity::Critical);
}

TEST(Event, CannotBeForgedFromInside) {
    struct Case {
        std::string_view value;
        std::string_view json;
    };
    const Case cases[] = {
        {"a\r\n{\"type\":\"LOGIN\"}", R"("a\u000d\u000a{\"type\":\"LOGIN\"}")"},  // a second line
        {R"("},"severity":"info")", R"("\"},\"severity\":\"info\"")"},  // closing the object
        {"\\", R"("\\")"},
        {"\x1b[2J", R"("\u001b[2J")"},  // clears a terminal
        {"\xc2\x9b"
         "2J",
         R"("\u009b2J")"},  // the same in one character (C1 CSI)
        {"\x7f", R"("\u007f")"},
        {"\xe2\x80\xa8", R"("\u2028")"},  // a line end to JavaScript
        {"\xe2\x80\xae"
         "gpj",
         R"("\u202egpj")"},  // right-to-left override
        {std::string_view("a\0b", 3), R"("a\u0000b")"},
        {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\x92", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\x92\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\xc0\xa2", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // an overlong quotation mark
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // a surrogate
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},  // cut short
        {"\xe2\"", "\"\xef\xbf\xbd\\\"\""},            // a lead that would swallow the quote
    };
    for (const auto& [value, json] : cases) EXPECT_EQ(json_string(value), json);
}

// Whatever a value holds, the line is one line and one object, and no byte of it is a control.
void expect_one_object(const std::string& value) {
    Event event = event_with(value);
    event.user_id = value;
    event.ip = value;
    event.details.emplace_back(value, value);
    const std::string line = to_json(event);
    for (const char c : line) ASSERT_GE(static_cast<unsigned char>(c), 0x20);
    boost::system::error_code error;
    const auto parsed = boost::json::parse(line, error);
    ASSERT_FALSE(error) << line;
    ASSERT_EQ(parsed.as_object().at("severity").as_string(), "warning");
}

TEST(Event, StaysOneObjectForAnyBytes) {
    constexpr std::uint64_t seed = 20261124;
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    SeededEntropy entropy(seed);
    for (int i = 0; i < 20'000; ++i)
        expect_one_object(entropy.bytes(static_cast<unsigned>(i) % 24));
}

TEST(Event, StaysOneObjectForTheNaughtyStrings) {
    const char* root = std::getenv("MERLON_CORPORA");
    const std::string path = std::string(root ? root : "../shared/corpora") + "/blns/blns.json";
    std::ifstream file(path);
    if (!file) GTEST_SKIP() << path << " is not there";
    std::stringstream content;
    content << file.rdbuf();
    for (const auto& value : boost::json::parse(content.str()).as_array()) {
        expect_one_object(std::string(value.as_string()));
    }
}

}  // namespace
}  // namespace merlon::events
