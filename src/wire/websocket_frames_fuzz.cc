// Whatever pieces the bytes come in, the frames end at the same places.
#include <cstdint>

#include "base/result.h"
#include "wire/websocket_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    merlon::wire::WebSocketFrames whole;
    merlon::wire::WebSocketFrames bytewise;
    whole.feed(input);
    for (std::size_t i = 0; i < size; ++i) bytewise.feed(input.substr(i, 1));
    MERLON_ASSERT(whole.is_between_frames() == bytewise.is_between_frames());
    MERLON_ASSERT(whole.has_close() == bytewise.has_close());
    return 0;
}
