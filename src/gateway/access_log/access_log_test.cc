// Tests what a line of the access log holds, and when batches are written.
#include "gateway/access_log/access_log.h"

#include <gtest/gtest.h>

#include "gateway/test_kit.h"
#include "wire/json.h"

namespace merlon::gateway {
namespace {

constexpr WallTime received_at{std::chrono::milliseconds{1'767'225'600'007}};

AccessLine served() {
    return {.received_at = received_at,
            .request_id = "r-1",
            .route = "/a/{id}",
            .status = 200,
            .ip = "10.0.0.1"};
}

TEST(AccessLine, SaysWhatThereIsAndNothingElse) {
    AccessLine full = served();
    full.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    full.method = wire::Method::Post;
    full.duration = std::chrono::nanoseconds{12'034'999};
    full.bytes_in = 7;
    full.bytes_out = 1'048'576;
    full.user_id = "u-1";
    full.upstream = "catalog";
    std::string text;
    append_access_line(text, full);
    EXPECT_EQ(text,
              R"({"log":"access","timestamp":"2026-01-01T00:00:00.007Z","requestId":"r-1",)"
              R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736","method":"POST","route":"/a/{id}",)"
              R"("status":200,"durationMs":12.034,"bytesIn":7,"bytesOut":1048576,"ip":"10.0.0.1",)"
              R"("userId":"u-1","upstream":"catalog"})"
              "\n");
    text.clear();
    append_access_line(text, served());
    EXPECT_EQ(text, R"({"log":"access","timestamp":"2026-01-01T00:00:00.007Z","requestId":"r-1",)"
                    R"("route":"/a/{id}","status":200,"bytesIn":0,"bytesOut":0,"ip":"10.0.0.1"})"
                    "\n");
}

TEST(AccessLine, IsOneValidObjectWhateverTheTextsHold) {
    const std::string_view texts[] = {
        "\r\n{\"severity\":\"critical\"}",
        "\"}{\"",
        "\\",
        "\x1b[2J",
        "\xe2\x80\xa8",
        "\xff\xc0\x80",
        std::string_view("a\0b", 3),
        "\xc2\x9b[31m",  // C1: a terminal obeys it like ESC [
    };
    for (const std::string_view hostile : texts) {
        AccessLine line = served();
        line.request_id = line.trace_id = line.route = line.ip = line.user_id = line.upstream =
            hostile;
        std::string text;
        append_access_line(text, line);
        EXPECT_EQ(text.find('\n'), text.size() - 1);
        EXPECT_EQ(text.find_first_of(std::string_view("\x1b\0\r", 3)), std::string::npos);
        EXPECT_EQ(text.find("\xe2\x80\xa8"), std::string::npos);
        EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
        text.pop_back();
        const auto parsed = wire::parse_json(text, {.bytes = 64 << 10, .depth = 2});
        ASSERT_TRUE(parsed) << text;
        EXPECT_FALSE(parsed->get_object().contains("severity"));
    }
}

TEST(AccessLine, OfAUserIdHasABoundedPart) {
    const std::string id(10'000, 'x');
    AccessLine line = served();
    line.user_id = id;
    std::string text;
    append_access_line(text, line);
    EXPECT_LT(text.size(), 512u);
}

TEST(AccessLine, RoundsDurationsDownAndIsNeverNegative) {
    struct Case {
        std::int64_t nanoseconds;
        std::string_view text;
    };
    const Case cases[] = {{0, "0.000,"},     {999, "0.000,"},
                          {1'000, "0.001,"}, {1'050'000, "1.050,"},
                          {-5, "0.000,"},    {3'600'000'000'000, "3600000.000,"}};
    for (const auto& [nanoseconds, wanted] : cases) {
        AccessLine line = served();
        line.duration = std::chrono::nanoseconds{nanoseconds};
        std::string text;
        append_access_line(text, line);
        EXPECT_NE(text.find("\"durationMs\":" + std::string(wanted)), std::string::npos) << text;
    }
}

TEST(AccessLog, HandsOverAFullBatchOrWhatATickFinds) {
    testing::KeptLines lines;
    asio::io_context loop;
    net::Deadlines deadlines(loop.get_executor());
    AccessLog log(deadlines, lines);
    log.add(served());
    EXPECT_EQ(lines.text(), "");
    deadlines.advance();
    const std::string line = lines.text();
    EXPECT_TRUE(line.ends_with("}\n"));
    deadlines.advance();
    EXPECT_EQ(lines.text(), line) << "nothing new";

    const std::size_t count = AccessLog::batch_bytes / line.size() + 1;
    for (std::size_t i = 0; i < count; ++i) log.add(served());
    EXPECT_EQ(lines.text().size(), line.size() * (count + 1)) << "a full batch does not wait";
}

TEST(AccessLog, HandsOverTheRestAtItsEnd) {
    testing::KeptLines lines;
    asio::io_context loop;
    net::Deadlines deadlines(loop.get_executor());
    {
        AccessLog log(deadlines, lines);
        log.add(served());
    }
    EXPECT_TRUE(lines.text().ends_with("}\n"));
}

TEST(AccessLog, HasWhatItsSettingSays) {
    struct Case {
        LoggedRequests which;
        bool has_success;
        bool has_failure;
    };
    const Case cases[] = {{LoggedRequests::None, false, false},
                          {LoggedRequests::Errors, false, true},
                          {LoggedRequests::All, true, true}};
    for (const auto& [which, has_success, has_failure] : cases) {
        for (const int status : {101, 200, 304, 399})
            EXPECT_EQ(is_logged(which, status), has_success);
        for (const int status : {400, 404, 499, 503})
            EXPECT_EQ(is_logged(which, status), has_failure);
    }
}

}  // namespace
}  // namespace merlon::gateway
