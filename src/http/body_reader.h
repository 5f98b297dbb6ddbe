// Reads a message's body from a stream, whatever its framing, piece by piece as it arrives.
#pragma once

#include <memory>
#include <string_view>

#include "http/input_buffer.h"
#include "net/stream.h"
#include "wire/admission.h"
#include "wire/chunked.h"

namespace merlon::http {

// Begins with what the input buffer holds behind the head, then reads into a buffer of its own, so
// that views into the head stay valid. Borrows stream and input.
class BodyReader {
public:
    ~BodyReader();
    BodyReader(const BodyReader&) = delete;
    // `bytes_max`: a longer body fails with "body.too_large", before it is read where its length
    // says so. `trailers`: of a body in chunks.
    BodyReader(net::Stream& stream, InputBuffer& input, wire::Framing framing,
               std::uint64_t bytes_max, wire::Trailers trailers);

    // Sets the most bytes there may be.
    void limit(std::uint64_t bytes_max) { bytes_max_ = bytes_max; }

    // From now on the body is a secret: where it was received is overwritten when it is done with.
    void keep_secret() { is_secret_ = true; }

    // The next piece, valid until the next call; empty: the body has ended.
    // Errors: "body.too_large", "framing.chunk", "framing.trailers", those of Stream::read_some.
    Task<std::string_view> read();

    bool is_done() const { return done_; }
    std::uint64_t bytes_read() const { return bytes_read_; }
    // Whether the whole body is in the input buffer: one read() gives it, without waiting.
    bool is_received() const;
    // Whether bytes behind the body's end are received: a next request. After is_done().
    bool has_more() const { return input_used_ < input_.view().size() || !rest_.empty(); }
    // Whether the rest of the body is received, or short enough to be read and thrown away.
    bool is_nearly_done() const;

    // Gives back to the input what came behind the body's end. After is_done().
    void return_rest();

private:
    Result<std::string_view> take(std::string_view bytes, std::size_t& consumed);

    net::Stream& stream_;
    InputBuffer& input_;
    wire::Framing framing_;
    std::uint64_t bytes_max_;
    std::uint64_t bytes_read_ = 0;
    std::uint64_t remaining_;  // with Length
    wire::ChunkedDecoder chunks_;
    bool done_;
    std::size_t input_used_ = 0;  // of the input buffer, to be consumed at the next call
    bool is_secret_ = false;
    std::unique_ptr<char[]> buffer_;
    std::size_t buffer_used_ = 0;  // the most that was in it
    std::string_view rest_;        // of buffer_, not yet decoded
};

}  // namespace merlon::http
