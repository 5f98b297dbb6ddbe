// Tests of the admission rules: the attacks that make two HTTP readers disagree.
#include "wire/admission.h"

#include <gtest/gtest.h>

#include <string>

namespace merlon::wire {
namespace {

// The rule that refuses the request made of these lines, or "ok".
std::string verdict(std::string_view head_text) {
    HeadScanner scanner;
    const HeadLimits limits;
    const auto length = scanner.scan(head_text, limits);
    if (!length) return std::string(length.error().rule);
    if (*length == 0) return "incomplete";
    RequestHead head;
    if (const auto parsed = head.parse(head_text.substr(0, *length), limits); !parsed) {
        return std::string(parsed.error().rule);
    }
    const auto admitted = admit(head);
    return admitted ? "ok" : std::string(admitted.error().rule);
}

std::string get(std::string_view lines) {
    return "GET /a HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

TEST(Admission, RefusesWhatTwoReadersCouldFrameDifferently) {
    struct Case {
        std::string fields;
        std::string_view verdict;
    };
    const Case cases[] = {
        {"Transfer-Encoding: chunked\r\n", "ok"},
        {"Transfer-Encoding: CHUNKED\r\n", "ok"},
        {"Transfer-Encoding: xchunked\r\n", "framing.transfer_encoding"},
        {"Transfer-Encoding: identity\r\n", "framing.transfer_encoding"},
        {"Transfer-Encoding: chunked, gzip\r\n", "framing.transfer_encoding"},
        {"Transfer-Encoding: gzip, chunked\r\n", "framing.transfer_encoding"},
        {"Transfer-Encoding: \"chunked\"\r\n", "framing.transfer_encoding"},
        {"Transfer-Encoding:\x0b"
         "chunked\r\n",
         "head.malformed"},  // vertical tab
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
         "framing.transfer_encoding"},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "framing.both_lengths"},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "framing.both_lengths"},
        {"Transfer-Encoding : chunked\r\n", "head.malformed"},  // space before the colon
        {" Transfer-Encoding: chunked\r\n", "framing.obsolete_fold"},
        {"X: y\r\n Transfer-Encoding: chunked\r\n", "framing.obsolete_fold"},
        {"Connection: " + std::string(31, ',') + "\r\n", "ok"},
        {"Connection: " + std::string(32, ',') + "\r\n", "framing.connection"},
        {"Connection: " + std::string(16, ',') + "\r\nConnection: " + std::string(15, ',') + "\r\n",
         "framing.connection"},
        {"Content-Length: 5\r\n", "ok"},
        {"Content-Length: 0\r\n", "ok"},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", "framing.content_length"},
        {"Content-Length: 5, 5\r\n", "framing.content_length"},
        {"Content-Length: +5\r\n", "framing.content_length"},
        {"Content-Length: -5\r\n", "framing.content_length"},
        {"Content-Length: 0x5\r\n", "framing.content_length"},
        {"Content-Length: 9999999999999999999\r\n", "body.too_large"},
        {"Content-Length: 99999999999999999999\r\n", "framing.content_length"},  // over 64 bits
        {"Content-Length:\r\n", "framing.content_length"},
        {"Expect: 100-continue\r\nContent-Length: 1\r\n", "ok"},
        {"Expect: 200-ok\r\n", "framing.expectation"},
        {"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", "framing.duplicate_field"},
        {"Host: b\r\n", "host.duplicate"},
        {"X: a\x7f"
         "b\r\n",
         "head.malformed"},
        {"X: \xc3\xa9\r\n", "ok"},  // obs-text in a value is data
        {"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n", "framing.upgrade"},
        {"Connection: Upgrade\r\nUpgrade: WebSocket\r\nTransfer-Encoding: chunked\r\n",
         "framing.upgrade"},
        {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
         "Content-Length: 4\r\n",
         "ok"},  // Java's client, with every POST
        {"X\n: y\r\n", "head.line_end"},
        {"X: y\n", "head.line_end"},
        {"X: a\rb\r\n", "head.malformed"},
    };
    for (const auto& [fields, expected] : cases) {
        EXPECT_EQ(verdict(get(fields)), expected) << fields;
    }
}

TEST(Admission, RefusesAHostOrTargetThatIsNotOne) {
    struct Case {
        std::string_view head;
        std::string_view verdict;
    };
    const Case cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", "host.missing"},
        {"GET / HTTP/1.0\r\n\r\n", "ok"},
        {"GET http://a/ HTTP/1.0\r\n\r\n", "target.host"},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "host.malformed"},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "host.malformed"},
        {"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", "host.malformed"},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "host.malformed"},
        {"GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", "host.malformed"},
        {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "host.malformed"},
        {"GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "ok"},
        {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "ok"},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "host.malformed"},
        {"GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "ok"},
        {"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", "target.host"},
        {"GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "target.malformed"},
        {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", "target.malformed"},
        {"GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", "target.malformed"},
        {"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", "target.malformed"},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "ok"},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "target.malformed"},
        {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "head.method"},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "head.method"},
        {"PRI * HTTP/2.0\r\n\r\n", "head.version"},
        {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "head.version"},
        {"GET /\r\n\r\n", "head.malformed"},  // HTTP/0.9
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "head.malformed"},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
         "framing.transfer_encoding"},
    };
    for (const auto& [head, expected] : cases) {
        const std::string got = verdict(head);
        const bool refused_by_grammar = got.starts_with("head.") && expected != "ok";
        if (refused_by_grammar) continue;
        EXPECT_EQ(got, expected) << head;
    }
}

TEST(HeadScanner, FindsTheEndHoweverTheBytesArrive) {
    const std::string head = get("X: y\r\n");
    const std::string bytes = head + "GET /next";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        HeadScanner scanner;
        std::size_t length = 0;
        for (std::size_t end = step; length == 0; end += step) {
            length = scanner.scan(std::string_view(bytes).substr(0, end), {}).value();
        }
        EXPECT_EQ(length, head.size()) << step;
    }
}

TEST(HeadScanner, RefusesAHeadThatIsTooLargeBeforeItsEnd) {
    HeadScanner scanner;
    const auto result = scanner.scan("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a'), {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().rule, "head.too_large");
}

TEST(RequestHead, CountsFieldsAndTargetBytes) {
    RequestHead head;
    HeadLimits limits;
    limits.fields = 2;
    limits.target_bytes = 4;
    EXPECT_EQ(head.parse("GET /a HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).error().rule,
              "head.too_many_fields");
    EXPECT_EQ(head.parse("GET /abcd HTTP/1.1\r\n\r\n", limits).error().rule, "target.too_long");
}

TEST(AdmitResponse, FramesTheAnswerOrRefusesIt) {
    struct Case {
        std::string_view head;
        Method method;
        std::optional<Framing> framing;
    };
    const Case cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Method::Get, Framing{BodyKind::Length, 3}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Method::Head, Framing{}},
        {"HTTP/1.1 304 X\r\nContent-Length: 3\r\n\r\n", Method::Get, Framing{}},
        {"HTTP/1.1 204 X\r\n\r\n", Method::Get, Framing{}},
        {"HTTP/1.1 200 OK\r\n\r\n", Method::Get, Framing{BodyKind::UntilClose, 0}},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::Get,
         Framing{BodyKind::Chunked, 0}},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Method::Get, {}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         Method::Get,
         {}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", Method::Get, {}},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::Get, {}},
    };
    for (const auto& [text, method, framing] : cases) {
        ResponseHead head;
        std::optional<Framing> got;
        if (head.parse(text, {})) {
            if (const auto admitted = admit_response(head, method)) got = admitted->body;
        }
        EXPECT_EQ(got, framing) << text;
    }
}

}  // namespace
}  // namespace merlon::wire
