// Replies as Redis sends them, and as nobody should.
#include "wire/resp.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

// The items as text, the reply's size behind them; "?" while it is not whole; the error's rule.
std::string read(std::string_view input, std::size_t step) {
    RespReader reader;
    for (std::size_t given = 0;;) {
        given = std::min(input.size(), given + step);
        const auto whole = reader.read(input.substr(0, given));
        if (!whole) return std::string(whole.error().rule);
        if (*whole) break;
        if (given == input.size()) return "?";
    }
    std::string all;
    for (const RespItem& item : reader.items()) {
        switch (item.type) {
            case RespType::SimpleString:
                all += '+';
                break;
            case RespType::SimpleError:
                all += '-';
                break;
            case RespType::BulkString:
                all += '$';
                break;
            case RespType::BulkError:
                all += '!';
                break;
            case RespType::Other:
                all += ',';
                break;
            case RespType::Null:
                all += "_ ";
                continue;
            case RespType::Boolean:
                all += '#';
                break;
            case RespType::Integer:
                all += ':';
                break;
            case RespType::Array:
                all += '*';
                break;
            case RespType::Map:
                all += '%';
                break;
            case RespType::Push:
                all += '>';
                break;
        }
        if (item.bytes == 0) all += std::to_string(item.number);
        all += std::string(RespReader::text(item, input)) + " ";
    }
    return all + std::to_string(reader.bytes());
}

std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

TEST(Resp, ReadsRepliesHoweverTheyAreCut) {
    const struct {
        std::string input;
        std::string items;
    } cases[] = {
        {"+OK\r\n", "+OK 5"},
        {"+OK\r\n+NEXT\r\n", "+OK 5"},  // the next reply is left
        {"+\r\n", "+0 3"},
        {"-ERR no\r\n", "-ERR no 9"},
        {":-12\r\n", ":-12 6"},
        {":+12\r\n", ":12 6"},
        {":9223372036854775807\r\n", ":9223372036854775807 22"},
        {"$3\r\na\r\n\r\n", "$a\r\n 9"},  // a bulk string holds any bytes
        {"$0\r\n\r\n", "$0 6"},
        {"$-1\r\n", "_ 5"},  // RESP2's nulls
        {"*-1\r\n", "_ 5"},
        {"_\r\n", "_ 3"},
        {"#t\r\n", "#1 4"},
        {",1.5\r\n", ",1.5 6"},
        {"(123456789012345678901234567890\r\n", ",123456789012345678901234567890 33"},
        {"!5\r\nERR x\r\n", "!ERR x 11"},
        {"=6\r\ntxt:ab\r\n", "$txt:ab 12"},
        {"*2\r\n:1\r\n:900000\r\n", "*2 :1 :900000 17"},
        {"*0\r\n", "*0 4"},
        {"~1\r\n+a\r\n", "*1 +a 8"},
        {"%1\r\n+a\r\n*1\r\n:1\r\n", "%2 +a *1 :1 16"},
        {">1\r\n+message\r\n", ">1 +message 14"},
        {"*2\r\n*0\r\n*1\r\n_\r\n", "*2 *0 *1 _ 15"},
        {repeated("*1\r\n", 8) + ":1\r\n", repeated("*1 ", 8) + ":1 36"},  // as deep as may be
        {"", "?"},
        {"$5\r\nab", "?"},
        {"*2\r\n:1\r\n", "?"},
    };
    for (const auto& [input, items] : cases) {
        EXPECT_EQ(read(input, input.size() + 1), items) << input;
        EXPECT_EQ(read(input, 1), items) << input << " byte by byte";
    }
}

TEST(Resp, RefusesWhatBreaksItsRules) {
    const struct {
        std::string input;
        std::string_view rule;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n", "resp.type"},  // some other server
        {"OK\r\n", "resp.type"},
        {"\r\n", "resp.syntax"},
        {"|1\r\n+a\r\n+b\r\n+c\r\n", "resp.type"},  // an attribute
        {"+OK\n", "resp.syntax"},                   // no CR
        {"\n", "resp.syntax"},
        {"+O\rK\r\n", "resp.syntax"},
        {":\r\n", "resp.syntax"},
        {":1 \r\n", "resp.syntax"},
        {":+-1\r\n", "resp.syntax"},
        {":0x10\r\n", "resp.syntax"},
        {":9223372036854775808\r\n", "resp.syntax"},  // one more than there is
        {"$-2\r\n", "resp.syntax"},
        {"$?\r\n", "resp.syntax"},  // streamed
        {"$1\r\nabc\r\n", "resp.syntax"},
        {"!-1\r\n", "resp.syntax"},
        {"*-2\r\n", "resp.syntax"},
        {"%-1\r\n", "resp.syntax"},
        {"*1\r\n>1\r\n:1\r\n", "resp.syntax"},  // out of band, inside an answer
        {"#x\r\n", "resp.syntax"},
        {"_x\r\n", "resp.syntax"},
        {"$70000\r\n", "resp.limit"},  // known before the bytes come
        {"$9223372036854775807\r\n", "resp.limit"},
        {"*1025\r\n", "resp.limit"},
        {"%9223372036854775807\r\n", "resp.limit"},
        {repeated("*1\r\n", 9), "resp.limit"},                       // too deep
        {"*1000\r\n" + repeated("*1\r\n_\r\n", 600), "resp.limit"},  // many small ones
        {"+" + std::string(5'000, 'a'), "resp.limit"},               // a line without end
        {"-" + std::string(5'000, 'a') + "\r\n", "resp.limit"},
        {"*100\r\n" + repeated("$4000\r\n" + std::string(4'000, 'a') + "\r\n", 20), "resp.limit"},
    };
    for (const auto& [input, rule] : cases) {
        EXPECT_EQ(read(input, input.size() + 1), rule) << input.substr(0, 40);
        EXPECT_EQ(read(input, 1), rule) << input.substr(0, 40) << " byte by byte";
    }
}

TEST(Resp, ReadsOneReplyAfterAnother) {
    const std::string_view input = "+a\r\n:7\r\n";
    RespReader reader;
    ASSERT_TRUE(reader.read(input).value());
    const std::string_view rest = input.substr(reader.bytes());
    reader.reset();
    ASSERT_TRUE(reader.read(rest).value());
    EXPECT_EQ(reader.items().front().number, 7);
    EXPECT_EQ(reader.bytes(), rest.size());
}

TEST(Resp, WritesCommandsThatHoldAnyBytes) {
    std::string out = "before";
    const std::string_view words[] = {"SET", "", "a\r\nb"};
    append_command(out, words);
    EXPECT_EQ(out, "before*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
}

}  // namespace
}  // namespace merlon::wire
