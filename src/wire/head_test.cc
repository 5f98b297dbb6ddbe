// The head grammar: what is taken and what is refused. Beast reads each accepted head as well, and
// must find the same fields in it.
#include "wire/head.h"

#include <gtest/gtest.h>

#include "wire/head_oracle.h"

namespace merlon::wire {
namespace {

// Scanned and parsed as a connection does it: the rule that refused it, else empty.
template <class Head>
std::string refusal(Head& head, std::string_view bytes, const HeadLimits& limits) {
    HeadScanner scanner;
    const auto length = scanner.scan(bytes, limits);
    if (!length) return std::string(length.error().rule);
    if (*length == 0) return "no end";
    const auto parsed = head.parse(bytes.substr(0, *length), limits);
    return parsed ? std::string() : std::string(parsed.error().rule);
}

std::string with_field(std::string_view line) {
    return "GET / HTTP/1.1\r\n" + std::string(line) + "\r\n\r\n";
}
std::string with_line(std::string_view line) { return std::string(line) + "\r\nHost: x\r\n\r\n"; }

TEST(RequestHead, IsReadStrictly) {
    struct Case {
        std::string bytes;
        std::string_view rule;  // empty: accepted
    };
    const Case cases[] = {
        {with_line("GET / HTTP/1.1"), ""},
        {with_line("OPTIONS * HTTP/1.0"), ""},
        {with_line("POST http://x/y?z HTTP/1.1"), ""},
        {with_line("GET /a\x7f HTTP/1.1"), "target"},  // left to admission, see below
        {with_line("get / HTTP/1.1"), "head.method"},  // methods have a case
        {with_line("BREW / HTTP/1.1"), "head.method"},
        {with_line("PRI * HTTP/2.0"), "head.version"},
        {with_line("GET / HTTP/1.2"), "head.version"},
        {with_line("GET / HTTP/0.9"), "head.version"},
        {with_line("GET / HTTP/11"), "head.malformed"},
        {with_line("GET / http/1.1"), "head.malformed"},
        {with_line("GET / HTTP/1.1 "), "head.malformed"},
        {with_line("GET /"), "head.malformed"},
        {with_line("GET  / HTTP/1.1"), "head.malformed"},             // two spaces: an empty target
        {with_line("GET /  HTTP/1.1"), "head.malformed"},             // two spaces behind it
        {with_line("GET\t/ HTTP/1.1"), "head.malformed"},             // another white space
        {with_line("GET /\tHTTP/1.1"), "head.malformed"},             // the same behind the target
        {with_line(" GET / HTTP/1.1"), "head.malformed"},             // white space before
        {with_line("G\x01T / HTTP/1.1"), "head.malformed"},           // no letter of a token
        {with_line("GET / a HTTP/1.1"), "head.malformed"},            // a target with a space
        {with_line("GET / HTTP/1.1\r"), "head.malformed"},            // CR CR LF
        {"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "head.malformed"},  // an empty line before
        {"GET / HTTP/1.1\r\n\r\n", ""},  // no field: admission asks for a host
        {"GET / HTTP/1.1\nHost: x\r\n\r\n", "head.line_end"},
        {"GET / HTTP/1.1\r\nHost: x\n\r\n", "head.line_end"},
        {"GET / HTTP/1.1\r\nHost: x\r\n\n", "head.line_end"},
        {"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "head.line_end"},
        {"GET / HTTP/1.1\r\nHost: x\r\n", "no end"},

        {with_field("Host: x"), ""},
        {with_field("Host:x"), ""},
        {with_field("Host:\t x \t"), ""},
        {with_field("Empty:"), ""},
        {with_field("Empty: \t "), ""},
        {with_field("X: a:b,\"c\" d"), ""},
        {with_field("X: tab\tinside"), ""},
        {with_field("X: \x80\xff"), ""},             // obs-text
        {with_field("!#$%&'*+-.^_`|~09aZ: x"), ""},  // every letter a token may have
        {with_field("Host : x"), "head.malformed"},  // RFC 9112 section 5.1
        {with_field("Host\t: x"), "head.malformed"},
        {with_field(": x"), "head.malformed"},
        {with_field("no colon"), "head.malformed"},
        {with_field("a b: x"), "head.malformed"},
        {with_field("X(y): x"), "head.malformed"},
        {with_field("\xc3\xa9: x"), "head.malformed"},
        {with_field(std::string_view("X\0Y: x", 6)), "head.malformed"},
        {with_field(std::string_view("X: a\0b", 6)), "head.malformed"},
        {with_field("X: a\rb"), "head.malformed"},  // a lone CR ends a line for some
        {with_field("X: a\r"), "head.malformed"},   // CR CR LF
        {with_field("X: \x0b"), "head.malformed"},  // white space elsewhere, not here
        {with_field("X: a\x7f"), "head.malformed"},
        {with_field("X: a\x1b[2J"), "head.malformed"},
        {with_field("X: a\r\n folded"), "framing.obsolete_fold"},
        {with_field("X: a\r\n\tfolded"), "framing.obsolete_fold"},
        {with_field(" X: a"), "framing.obsolete_fold"},  // before the first field
    };
    for (const auto& [bytes, rule] : cases) {
        RequestHead head;
        if (rule == "target") {
            EXPECT_EQ(refusal(head, bytes, {}), "") << bytes;
            continue;
        }
        EXPECT_EQ(refusal(head, bytes, {}), rule) << bytes;
        if (rule.empty()) expect_beast_agrees<true>(bytes, head.fields);
    }
}

TEST(RequestHead, GivesWhatStandsThere) {
    RequestHead head;
    const std::string_view bytes =
        "PATCH /a?b HTTP/1.0\r\nhOST: x\r\nX-Other:\t a  b \r\nHost:y\r\n\r\n";
    ASSERT_EQ(refusal(head, bytes, {}), "");
    EXPECT_EQ(head.method, Method::Patch);
    EXPECT_EQ(head.target, "/a?b");
    EXPECT_EQ(head.version_minor, 0);
    ASSERT_EQ(head.fields.size(), 3U);
    EXPECT_EQ(head.fields[1].name, "X-Other");
    EXPECT_EQ(head.fields[1].value, "a  b");
    EXPECT_EQ(head.find(FieldId::Host)->value, "x");  // the first; admission refuses two
    EXPECT_EQ(head.find(FieldId::Origin), nullptr);
    ASSERT_EQ(refusal(head, "GET / HTTP/1.1\r\n\r\n", {}), "");  // the next request
    EXPECT_TRUE(head.fields.empty());
    EXPECT_EQ(head.version_minor, 1);
}

TEST(RequestHead, HasLimitsThatHoldToTheByte) {
    const HeadLimits limits{.head_bytes = 60, .target_bytes = 4, .fields = 2};
    const auto padded = [](std::size_t bytes) {
        const std::string begin = "GET / HTTP/1.1\r\nX: ";
        return begin + std::string(bytes - begin.size() - 4, 'a') + "\r\n\r\n";
    };
    struct Case {
        std::string bytes;
        std::string_view rule;
    };
    const Case cases[] = {
        {padded(60), ""},
        {padded(61), "head.too_large"},
        {padded(61).substr(0, 61 - 4), "no end"},  // still could end in time
        {std::string(61, 'a'), "head.too_large"},  // without a line end, too
        {with_line("GET /abc HTTP/1.1"), ""},
        {with_line("GET /abcd HTTP/1.1"), "target.too_long"},
        {"GET / HTTP/1.1\r\na:b\r\nc:d\r\n\r\n", ""},
        {"GET / HTTP/1.1\r\na:b\r\nc:d\r\ne:f\r\n\r\n", "head.too_many_fields"},
    };
    for (const auto& [bytes, rule] : cases) {
        RequestHead head;
        EXPECT_EQ(refusal(head, bytes, limits), rule) << bytes;
    }
}

TEST(ResponseHead, IsReadStrictly) {
    struct Case {
        std::string_view line;
        int status;  // 0: refused
    };
    const Case cases[] = {
        {"HTTP/1.1 200 OK", 200},
        {"HTTP/1.0 404 Not Found", 404},
        {"HTTP/1.1 200 ", 200},  // an empty reason
        {"HTTP/1.1 299 a  b\tc\xff", 299},
        {"HTTP/1.1 999 x", 999},
        {"HTTP/1.1 200", 0},  // RFC 9112 section 4: the space stands before an empty reason
        {"HTTP/1.1  200 OK", 0},
        {"HTTP/1.1 20 OK", 0},
        {"HTTP/1.1 2000 OK", 0},
        {"HTTP/1.1 099 OK", 0},
        {"HTTP/1.1 +20 OK", 0},
        {"HTTP/1.1 2x0 OK", 0},
        {"HTTP/2.0 200 OK", 0},
        {"HTTP/1.1\t200 OK", 0},
        {"HTTP/1.1 200 a\x01", 0},
        {"HTTP/1.1 200 a\rb", 0},
        {"ICY 200 OK", 0},
    };
    for (const auto& [line, status] : cases) {
        ResponseHead head;
        const std::string bytes = std::string(line) + "\r\nServer: x\r\n\r\n";
        const std::string rule = refusal(head, bytes, {});
        EXPECT_EQ(rule.empty(), status != 0) << line << rule;
        if (!rule.empty()) continue;
        EXPECT_EQ(head.status, status);
        expect_beast_agrees<false>(bytes, head.fields);
    }
}

TEST(HeadScanner, FindsTheSameEndHoweverTheBytesArrive) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n";
    const std::string bytes = head + "GET /next HTTP/1.1\r\n";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        HeadScanner scanner;
        std::size_t found = 0;
        for (std::size_t end = step; found == 0 && end < bytes.size() + step; end += step) {
            found = scanner.scan(std::string_view(bytes).substr(0, end), {}).value();
        }
        EXPECT_EQ(found, head.size()) << step;
    }
}

}  // namespace
}  // namespace merlon::wire
