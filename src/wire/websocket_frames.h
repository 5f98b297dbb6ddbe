// Where the frames of one direction of a WebSocket begin and end (RFC 6455 section 5.2), and the
// control frames that a gateway adds between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace merlon::wire {

// Follows the bytes that pass; changes and refuses none of them. What is no WebSocket is only
// never, or at odd places, between frames.
class WebSocketFrames {
public:
    void feed(std::string_view bytes);
    // Whether a frame of ours may be put here: also between the fragments of a message (5.4).
    bool is_between_frames() const { return head_bytes_ == 0 && payload_left_ == 0; }
    // A Close frame has begun: nothing may follow it (5.5.1).
    bool has_close() const { return has_close_; }

private:
    std::size_t take_head(std::string_view bytes);
    std::size_t head_length() const;

    // The head under way: two bytes, up to eight of length, four of the mask.
    static constexpr std::size_t head_bytes_max = 14;
    unsigned char head_[head_bytes_max] = {};
    std::size_t head_bytes_ = 0;
    std::uint64_t payload_left_ = 0;
    bool has_close_ = false;
};

// Who reads a frame: a client's frames are masked, a server's are not (5.1).
enum class WebSocketReader : std::uint8_t { Client, Server };

// RFC 6455 section 7.4.1, and the IANA registry for 1014.
enum class CloseCode : std::uint16_t {
    GoingAway = 1001,
    PolicyViolation = 1008,
    BadGateway = 1014
};

std::string ping_frame(WebSocketReader reader);
std::string close_frame(WebSocketReader reader, CloseCode code);

}  // namespace merlon::wire
