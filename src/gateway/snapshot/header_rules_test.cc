// Tests which fields the configuration sets, removes and leaves to a service.
#include "gateway/snapshot/header_rules.h"

#include <gtest/gtest.h>

namespace merlon::gateway {
namespace {

constexpr std::string_view csp = "Content-Security-Policy";

ResponseRules rules(std::initializer_list<HeaderSettings> layers) {
    std::vector<const HeaderSettings*> pointers;
    for (const HeaderSettings& layer : layers) pointers.push_back(&layer);
    return ResponseRules::make(pointers);
}

bool has(std::string_view lines, std::string_view line) {
    return lines.find(line) != std::string_view::npos;
}

wire::ResponseHead answer(std::vector<wire::Field> fields) {
    wire::ResponseHead head;
    head.fields = std::move(fields);
    return head;
}

wire::Field field(std::string_view name, std::string_view value) {
    return {wire::field_id(name), name, value};
}

// What a client gets, of our own fields, beside what the service said.
std::string sent_beside(const ResponseRules& made, const wire::ResponseHead& head) {
    http::FieldLines out;
    const std::string own = std::string(made.lines()) + "X-Request-ID: 1\r\n";
    const auto rest = made.add_unsaid(head, wire::ConnectionOptions::of(head.fields), own, out);
    return std::string(out.text()) + std::string(rest);
}

TEST(ResponseRules, ReplaceAddAndRemove) {
    const auto made = rules({{.set = {{"referrer-policy", "no-referrer"}, {"X-Own", "1"}},
                              .remove = {"x-frame-options", "X-AspNet-Version"},
                              .keep = {}}});
    EXPECT_TRUE(has(made.lines(), "referrer-policy: no-referrer\r\n"));
    EXPECT_FALSE(has(made.lines(), "strict-origin-when-cross-origin"));
    EXPECT_TRUE(has(made.lines(), "X-Own: 1\r\n"));
    EXPECT_FALSE(has(made.lines(), "X-Frame-Options"));
    for (const std::string_view name : {"X-Own", "x-aspnet-version", "Referrer-Policy"}) {
        EXPECT_TRUE(made.drops(name)) << name;
    }
    EXPECT_FALSE(made.drops("X-Other"));
}

TEST(ResponseRules, OfALaterLayerHold) {
    const HeaderSettings all{.set = {{"X-A", "all"}, {"X-B", "all"}}, .remove = {std::string(csp)}};
    const HeaderSettings service{.set = {{"X-A", "service"}}, .keep = {std::string(csp)}};
    const HeaderSettings route{.set = {{std::string(csp), "default-src 'none'"}},
                               .remove = {"x-b"}};
    const auto two = rules({all, service});
    EXPECT_TRUE(has(two.lines(), "X-A: service\r\n"));
    EXPECT_FALSE(has(two.lines(), "X-A: all"));
    EXPECT_TRUE(two.keeps(csp));
    EXPECT_FALSE(two.drops(csp));
    EXPECT_FALSE(has(two.lines(), csp));  // the first layer's removal of ours still holds
    const auto three = rules({all, service, route});
    EXPECT_FALSE(three.keeps(csp));
    EXPECT_TRUE(has(three.lines(), "Content-Security-Policy: default-src 'none'\r\n"));
    EXPECT_FALSE(has(three.lines(), "X-B"));
}

TEST(ResponseRules, LeaveAServiceItsOwnAndSendOursWhereItSaysNothing) {
    const auto made = rules({{.keep = {std::string(csp), "X-Frame-Options"}}});
    EXPECT_TRUE(has(made.lines(), "Content-Security-Policy: default-src 'self'"));  // of refusals
    EXPECT_TRUE(made.keeps("content-security-policy"));
    const std::string beside =
        sent_beside(made, answer({field("content-security-policy", "script-src 'nonce-1'")}));
    EXPECT_FALSE(has(beside, "default-src"));
    EXPECT_TRUE(has(beside, "X-Frame-Options: DENY\r\n"));
    EXPECT_TRUE(has(beside, "X-Request-ID: 1\r\n"));
    EXPECT_TRUE(has(sent_beside(made, answer({})), "default-src 'self'"));
    // A field that does not pass says nothing.
    EXPECT_TRUE(has(sent_beside(made, answer({field("Connection", "Content-Security-Policy"),
                                              field(csp, "script-src *")})),
                    "default-src 'self'"));
}

TEST(ResponseRules, SayWhatABodyIsOnAServicesAnswersOnly) {
    const auto made = rules({{.set = {{"Cache-Control", "public, max-age=60"}}}});
    EXPECT_FALSE(has(made.lines(), "Cache-Control"));
    EXPECT_EQ(made.service_lines(), "Cache-Control: public, max-age=60\r\n");
    EXPECT_TRUE(made.drops("cache-control"));
}

TEST(ResponseRules, HaveNoStrictTransportSecurityInTheClear) {
    const auto made = rules({{}});
    EXPECT_TRUE(has(made.lines(), "Strict-Transport-Security: "));
    const std::string clear = made.lines_in_the_clear();
    EXPECT_FALSE(has(clear, "Strict-Transport-Security"));
    EXPECT_TRUE(has(clear, "X-Content-Type-Options: nosniff\r\n"));
}

TEST(RequestRules, ReplaceAClientsField) {
    const auto made = RequestRules::make({.set = {{"X-Api-Key", "k"}}, .remove = {"Cookie"}});
    EXPECT_EQ(made.fields.text(), "X-Api-Key: k\r\n");
    EXPECT_TRUE(made.dropped.has("x-api-key"));
    EXPECT_TRUE(made.dropped.has("cookie"));
    EXPECT_FALSE(made.dropped.has("accept"));
}

TEST(HeaderRules, HaveNoPowerOverFramesIdentityOrWhatMerlonSays) {
    struct Case {
        std::string_view name;
        bool in_requests;
        bool in_responses;
    };
    const Case cases[] = {
        {"X-Custom", true, true},
        {"Authorization", true, true},
        {"Cookie", true, true},
        {"Set-Cookie", true, true},
        {"X-Forwarded-Ssl", true, true},
        {"Content-Security-Policy", true, true},
        {"Permissions-Policy", true, true},
        {"Server", true, true},
        {"Content-Length", false, false},
        {"Transfer-Encoding", false, false},
        {"Connection", false, false},
        {"Keep-Alive", false, false},
        {"Upgrade", false, false},
        {"TE", false, false},
        {"Trailer", false, false},
        {"Proxy-Connection", false, false},
        {"Proxy-Authenticate", false, false},
        {"Expect", false, false},
        {"Sec-WebSocket-Accept", false, false},
        {"Merlon-Revoked", false, false},
        {"Merlon-Assertion", false, false},
        {"X-User-Id", false, false},
        {"x-user-role", false, false},
        {"X-Request-ID", false, false},
        {"Content-Type", false, false},
        {"Host", false, true},
        {"X-Forwarded-For", false, true},
        {"X-Real-IP", false, true},
        {"X-Forwarded-Host", false, true},
        {"X-HTTP-Method-Override", false, true},
        {"X_User_Id", false, true},
        {"Destination", false, true},
        {"Date", true, false},
        {"Vary", true, false},
        {"Access-Control-Allow-Origin", true, false},
        {"RateLimit-Limit", true, false},
    };
    for (const auto& [name, in_requests, in_responses] : cases) {
        EXPECT_EQ(request_rule_fault(name).empty(), in_requests) << name;
        EXPECT_EQ(response_rule_fault(name).empty(), in_responses) << name;
    }
}

}  // namespace
}  // namespace merlon::gateway
