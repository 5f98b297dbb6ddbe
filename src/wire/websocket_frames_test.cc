// Where frames end, in pieces of every size, and the frames of our own.
#include "wire/websocket_frames.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

using namespace std::string_literals;

std::string frame(char first, std::size_t length, bool is_masked) {
    std::string out(1, first);
    const char mask = static_cast<char>(is_masked ? 0x80 : 0);
    if (length < 126) {
        out += static_cast<char>(length | static_cast<unsigned char>(mask));
    } else if (length < 65'536) {
        out += static_cast<char>(126 | static_cast<unsigned char>(mask));
        out += static_cast<char>(length >> 8);
        out += static_cast<char>(length & 0xff);
    } else {
        out += static_cast<char>(127 | static_cast<unsigned char>(mask));
        for (int shift = 56; shift >= 0; shift -= 8) {
            out += static_cast<char>(static_cast<std::uint64_t>(length) >> shift & 0xff);
        }
    }
    if (is_masked) out += "\1\2\3\4";
    return out + std::string(length, 'x');
}

TEST(WebSocketFrames, AreFollowedWhateverPiecesTheyComeIn) {
    for (const std::size_t length : {0, 1, 125, 126, 127, 65'535, 65'536, 100'000}) {
        for (const bool is_masked : {false, true}) {
            const std::string bytes = frame('\x82', length, is_masked);
            for (const std::size_t step : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
                WebSocketFrames frames;
                for (std::size_t at = 0; at < bytes.size(); at += step) {
                    EXPECT_EQ(frames.is_between_frames(), at == 0) << length << " at " << at;
                    frames.feed(std::string_view(bytes).substr(at, step));
                }
                EXPECT_TRUE(frames.is_between_frames()) << length;
                EXPECT_FALSE(frames.has_close());
            }
        }
    }
}

TEST(WebSocketFrames, SeveralInOnePieceAndTheBeginOfTheNext) {
    WebSocketFrames frames;
    frames.feed(frame('\x81', 5, true) + frame('\x01', 200, false) + frame('\x80', 0, false));
    EXPECT_TRUE(frames.is_between_frames());
    frames.feed("\x81");
    EXPECT_FALSE(frames.is_between_frames());
    frames.feed("\x01"s + "x");
    EXPECT_TRUE(frames.is_between_frames());
}

TEST(WebSocketFrames, ACloseIsNoticedAlsoBehindFragments) {
    WebSocketFrames frames;
    frames.feed(frame('\x01', 3, false));
    EXPECT_FALSE(frames.has_close());
    frames.feed(frame('\x88', 2, true));
    EXPECT_TRUE(frames.has_close());
}

TEST(WebSocketFrames, ALengthOf64BitsIsOne) {
    WebSocketFrames frames;
    frames.feed("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s + std::string(1'000, 'x'));
    EXPECT_FALSE(frames.is_between_frames());
}

TEST(WebSocketFrames, OursAreAsTheRfcHasThem) {
    EXPECT_EQ(ping_frame(WebSocketReader::Client), "\x89\x00"s);
    EXPECT_EQ(ping_frame(WebSocketReader::Server), "\x89\x80\x00\x00\x00\x00"s);
    EXPECT_EQ(close_frame(WebSocketReader::Client, CloseCode::GoingAway), "\x88\x02\x03\xe9"s);
    EXPECT_EQ(close_frame(WebSocketReader::Server, CloseCode::PolicyViolation),
              "\x88\x82\x00\x00\x00\x00\x03\xf0"s);
    for (const auto reader : {WebSocketReader::Client, WebSocketReader::Server}) {
        WebSocketFrames frames;
        frames.feed(ping_frame(reader));
        EXPECT_TRUE(frames.is_between_frames());
        EXPECT_FALSE(frames.has_close());
        frames.feed(close_frame(reader, CloseCode::BadGateway));
        EXPECT_TRUE(frames.is_between_frames());
        EXPECT_TRUE(frames.has_close());
    }
}

}  // namespace
}  // namespace merlon::wire
