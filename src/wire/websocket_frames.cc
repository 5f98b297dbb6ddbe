// Reads the heads of WebSocket frames, and writes control frames.
#include "wire/websocket_frames.h"

#include <algorithm>

namespace merlon::wire {
namespace {

constexpr unsigned char final_bit = 0x80;
constexpr unsigned char mask_bit = 0x80;
constexpr unsigned char opcode_bits = 0x0f;
constexpr unsigned char close_opcode = 0x8;
constexpr unsigned char ping_opcode = 0x9;

// The mask hides nothing, it is there for proxies that know no WebSocket (10.3), and there is none
// between us and the service: all zeros leave the payload as it is.
std::string control_frame(unsigned char opcode, WebSocketReader reader, std::string_view payload) {
    const bool is_masked = reader == WebSocketReader::Server;
    std::string frame;
    frame += static_cast<char>(final_bit | opcode);
    frame += static_cast<char>(payload.size() | (is_masked ? mask_bit : 0U));
    if (is_masked) frame.append(4, '\0');
    return frame.append(payload);
}

}  // namespace

std::size_t WebSocketFrames::head_length() const {
    const unsigned char length = head_[1] & ~mask_bit;
    const std::size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
    return 2 + length_bytes + ((head_[1] & mask_bit) != 0 ? 4U : 0U);
}

std::size_t WebSocketFrames::take_head(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && (head_bytes_ < 2 || head_bytes_ < head_length())) {
        head_[head_bytes_++] = static_cast<unsigned char>(bytes[taken++]);
    }
    if (head_bytes_ < 2 || head_bytes_ < head_length()) return taken;
    payload_left_ = head_[1] & ~mask_bit;
    if (payload_left_ >= 126) {
        const std::size_t length_bytes = payload_left_ == 127 ? 8 : 2;
        payload_left_ = 0;
        for (std::size_t i = 0; i < length_bytes; ++i) {
            payload_left_ = payload_left_ << 8 | head_[2 + i];
        }
    }
    has_close_ = has_close_ || (head_[0] & opcode_bits) == close_opcode;
    head_bytes_ = 0;
    return taken;
}

void WebSocketFrames::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (payload_left_ == 0) bytes.remove_prefix(take_head(bytes));
        const auto passing =
            static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size()));
        payload_left_ -= passing;
        bytes.remove_prefix(passing);
    }
}

std::string ping_frame(WebSocketReader reader) { return control_frame(ping_opcode, reader, {}); }

std::string close_frame(WebSocketReader reader, CloseCode code) {
    const auto number = static_cast<std::uint16_t>(code);
    const char payload[] = {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
    return control_frame(close_opcode, reader, {payload, sizeof(payload)});
}

}  // namespace merlon::wire
