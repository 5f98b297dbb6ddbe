// The chunked transfer coding (RFC 9112 section 7.1), decoded as it arrives and without a buffer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::wire {

// Fields behind the last chunk. A client's could smuggle something past the stages that looked at
// the head, and are refused; a service's, such as a checksum, are read over and go no further.
enum class Trailers : std::uint8_t { Refused, Dropped };

// Strict: CRLF line ends, at most 15 hexadecimal digits; extensions are read over, up to 64 visible
// bytes, and trailers that are dropped, up to 8 KiB.
class ChunkedDecoder {
public:
    explicit ChunkedDecoder(Trailers trailers) : trailers_(trailers) {}

    struct Step {
        std::size_t consumed;      // bytes of the input that are done with
        std::string_view payload;  // a piece of the body inside the input; may be empty
    };

    // Takes a part of `input`: call again with the rest until all is consumed or is_done().
    // Errors (Invalid): "framing.chunk", "framing.trailers".
    Result<Step> feed(std::string_view input);
    bool is_done() const { return state_ == State::Done; }

private:
    enum class State : std::uint8_t {
        Size,
        Extension,
        SizeLf,
        Payload,
        PayloadCr,
        PayloadLf,
        EndCr,
        EndLf,
        Trailer,
        TrailerLf,
        Done
    };
    Result<> take(char c);
    Result<> take_trailer(char c);

    Trailers trailers_;
    State state_ = State::Size;
    int digits_ = 0;
    int extension_bytes_ = 0;
    int trailer_bytes_ = 0;
    std::uint64_t remaining_ = 0;  // of this chunk
};

// The line before a chunk of `size` > 0 bytes; CRLF follows the chunk.
void append_chunk_size(std::string& out, std::size_t size);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace merlon::wire
