// Tests of the chunked decoder.
#include "wire/chunked.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

// The body, or the rule that refuses it, with the input cut into pieces of `step` bytes.
std::string decode(std::string_view input, std::size_t step,
                   Trailers trailers = Trailers::Refused) {
    ChunkedDecoder decoder(trailers);
    std::string body;
    while (!input.empty() && !decoder.is_done()) {
        std::string_view piece = input.substr(0, step);
        while (!piece.empty() && !decoder.is_done()) {
            const auto result = decoder.feed(piece);
            if (!result) return std::string(result.error().rule);
            body += result->payload;
            piece.remove_prefix(result->consumed);
            input.remove_prefix(result->consumed);
        }
    }
    return decoder.is_done() ? body + "|" + std::string(input) : "incomplete";
}

TEST(ChunkedDecoder, ReadsOneBodyHoweverItArrives) {
    struct Case {
        std::string_view input;
        std::string_view result;
    };
    const Case cases[] = {
        {"0\r\n\r\n", "|"},
        {"5\r\nhello\r\n0\r\n\r\n", "hello|"},
        {"5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\nGET", "hello0123456789|GET"},
        {"5;name=value\r\nhello\r\n0\r\n\r\n", "hello|"},
        {"005\r\nhello\r\n0\r\n\r\n", "hello|"},
        {"5\nhello\r\n0\r\n\r\n", "framing.chunk"},     // bare LF after the size
        {"5\r\nhelloX\r\n0\r\n\r\n", "framing.chunk"},  // size too small
        {"5\r\nhello\n0\r\n\r\n", "framing.chunk"},
        {"\r\n5\r\nhello", "framing.chunk"},
        {"-5\r\nhello", "framing.chunk"},
        {"0x5\r\nhello", "framing.chunk"},
        {" 5\r\nhello", "framing.chunk"},
        {"5 \r\nhello", "framing.chunk"},
        {"ffffffffffffffffff\r\n", "framing.chunk"},  // would overflow
        {"5;\x01\r\nhello", "framing.chunk"},
        {"5;\r\nhello", "framing.chunk"},
        {"5;a=\"b\r\nhello", "framing.chunk"},
        {"0\r\nX: y\r\n\r\n", "framing.trailers"},
        {"5\r\nhel", "incomplete"},
    };
    for (const auto& [input, result] : cases) {
        for (const std::size_t step : {1, 2, 3, 7, 1'000}) {
            EXPECT_EQ(decode(input, step), result) << input << " by " << step;
        }
    }
    const Case with_trailers[] = {
        {"5\r\nhello\r\n0\r\nX: y\r\n\r\nGET", "hello|GET"},
        {"0\r\nDigest: \xc3\xa9\t=\r\nContent-Length: 9\r\n\r\n", "|"},
        {"0\r\n\r\n", "|"},
        {"0\r\nX: y\r\n", "incomplete"},
        {"0\r\nX: y\n\r\n", "framing.trailers"},  // bare LF
        {"0\r\nX: y\rZ\r\n\r\n", "framing.chunk"},
        {"0\r\nX\x01: y\r\n\r\n", "framing.trailers"},
        {"0\r\n\nX: y\r\n\r\n", "framing.trailers"},
    };
    for (const auto& [input, result] : with_trailers) {
        for (const std::size_t step : {1, 2, 3, 7, 1'000}) {
            EXPECT_EQ(decode(input, step, Trailers::Dropped), result) << input << " by " << step;
        }
    }
    const auto trailers_of = [](std::size_t bytes) {
        return "0\r\n" + std::string(bytes, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(decode(trailers_of(8'191), 1'000, Trailers::Dropped), "|");
    EXPECT_EQ(decode(trailers_of(8'192), 1'000, Trailers::Dropped), "framing.trailers");
    const std::string long_extension = "5;" + std::string(65, 'x') + "\r\nhello\r\n0\r\n\r\n";
    EXPECT_EQ(decode(long_extension, 10), "framing.chunk");
}

}  // namespace
}  // namespace merlon::wire
