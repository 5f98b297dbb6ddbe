// Decoding in one piece gives the same body, end and verdict as byte by byte.
#include <cstdint>

#include "wire/chunked.h"

namespace {

std::string decode(std::string_view input, std::size_t step, merlon::wire::Trailers trailers) {
    merlon::wire::ChunkedDecoder decoder(trailers);
    std::string out;
    while (!input.empty() && !decoder.is_done()) {
        std::string_view piece = input.substr(0, step);
        while (!piece.empty() && !decoder.is_done()) {
            const auto result = decoder.feed(piece);
            if (!result) return out + "!" + std::string(result.error().rule);
            out += result->payload;
            piece.remove_prefix(result->consumed);
            input.remove_prefix(result->consumed);
        }
    }
    return out + (decoder.is_done() ? "." : "?") + std::string(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const auto trailers : {merlon::wire::Trailers::Refused, merlon::wire::Trailers::Dropped}) {
        MERLON_ASSERT(decode(input, size, trailers) == decode(input, 1, trailers));
    }
    return 0;
}
