// The decoder's state machine.
#include "wire/chunked.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace merlon::wire {
namespace {

constexpr int size_digits_max = 15;  // cannot overflow 64 bits
constexpr int extension_bytes_max = 64;
constexpr int trailer_bytes_max = 8 << 10;

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::feed(std::string_view input) {
    std::size_t at = 0;
    while (at < input.size() && state_ != State::Done) {
        if (state_ == State::Payload) {
            const auto bytes =
                static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size() - at));
            remaining_ -= bytes;
            if (remaining_ == 0) state_ = State::PayloadCr;
            return Step{at + bytes, input.substr(at, bytes)};
        }
        MERLON_TRY(take(input[at++]));
    }
    return Step{at, {}};
}

Result<> ChunkedDecoder::take(char c) {
    const auto expect = [&](char wanted, State next) -> Result<> {
        if (c != wanted) return fail(Kind::Invalid, "framing.chunk");
        state_ = next;
        return {};
    };
    switch (state_) {
        case State::Size: {
            const bool is_digit = text::is_digit(c);
            const char lower = text::lower(c);
            if (is_digit || (lower >= 'a' && lower <= 'f')) {
                if (++digits_ > size_digits_max) return fail(Kind::Invalid, "framing.chunk");
                remaining_ =
                    remaining_ << 4 | static_cast<unsigned>(is_digit ? c - '0' : lower - 'a' + 10);
                return {};
            }
            if (digits_ == 0) return fail(Kind::Invalid, "framing.chunk");
            if (c == ';') {
                state_ = State::Extension;
                extension_bytes_ = 0;
                return {};
            }
            return expect('\r', State::SizeLf);
        }
        case State::Extension:
            if (c == '\r' && extension_bytes_ > 0) return expect('\r', State::SizeLf);
            // A quoted value could hide the line end from one reader and not from another.
            if (c == '"' || c < 0x20 || c >= 0x7f || ++extension_bytes_ > extension_bytes_max) {
                return fail(Kind::Invalid, "framing.chunk");
            }
            return {};
        case State::SizeLf:
            MERLON_TRY(expect('\n', remaining_ > 0 ? State::Payload : State::EndCr));
            digits_ = 0;
            return {};
        case State::PayloadCr:
            return expect('\r', State::PayloadLf);
        case State::PayloadLf:
            return expect('\n', State::Size);
        case State::EndCr:
            if (c != '\r') return take_trailer(c);
            state_ = State::EndLf;
            return {};
        case State::Trailer:
            return take_trailer(c);
        case State::TrailerLf:
            return expect('\n', State::EndCr);
        case State::EndLf:
            return expect('\n', State::Done);
        case State::Payload:
        case State::Done:
            break;
    }
    MERLON_ASSERT(false);
}

// A byte of a line that is not empty. What it says is nobody's; only its end matters.
Result<> ChunkedDecoder::take_trailer(char c) {
    const bool is_text = c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    const bool is_end = c == '\r' && state_ == State::Trailer;
    if (trailers_ == Trailers::Refused || (!is_text && !is_end) ||
        ++trailer_bytes_ > trailer_bytes_max) {
        return fail(Kind::Invalid, "framing.trailers");
    }
    state_ = is_end ? State::TrailerLf : State::Trailer;
    return {};
}

void append_chunk_size(std::string& out, std::size_t size) {
    fmt::format_to(std::back_inserter(out), "{:x}\r\n", size);
}

}  // namespace merlon::wire
