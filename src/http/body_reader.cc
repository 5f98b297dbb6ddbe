// Reads a body piece by piece, by its framing.
#include "http/body_reader.h"

namespace merlon::http {
namespace {

constexpr std::size_t buffer_bytes = 32 << 10;
// An unread body up to this size is skipped to keep the connection; for a longer one the connection
// is closed.
constexpr std::uint64_t skip_bytes_max = 64 << 10;

}  // namespace

BodyReader::BodyReader(net::Stream& stream, InputBuffer& input, wire::Framing framing,
                       std::uint64_t bytes_max, wire::Trailers trailers)
    : stream_(stream),
      input_(input),
      framing_(framing),
      bytes_max_(bytes_max),
      remaining_(framing.length),
      chunks_(trailers),
      done_(framing.kind == wire::BodyKind::None) {}

BodyReader::~BodyReader() {
    if (is_secret_) wipe(std::as_writable_bytes(std::span(buffer_.get(), buffer_used_)));
}

bool BodyReader::is_received() const {
    return done_ || (framing_.kind == wire::BodyKind::Length && framing_.length <= bytes_max_ &&
                     remaining_ <= input_.view().size() - input_used_);
}

bool BodyReader::is_nearly_done() const {
    return done_ || (framing_.kind == wire::BodyKind::Length && framing_.length <= bytes_max_ &&
                     remaining_ <= skip_bytes_max);
}

// One piece out of `bytes`. `consumed` says how many of them are done with.
Result<std::string_view> BodyReader::take(std::string_view bytes, std::size_t& consumed) {
    std::string_view piece;
    if (framing_.kind == wire::BodyKind::Chunked) {
        const auto step = MERLON_TRY(chunks_.feed(bytes));
        consumed = step.consumed;
        piece = step.payload;
        done_ = chunks_.is_done();
    } else if (framing_.kind == wire::BodyKind::Length) {
        piece = bytes.substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size())));
        consumed = piece.size();
        remaining_ -= piece.size();
        done_ = remaining_ == 0;
    } else {
        piece = bytes;
        consumed = piece.size();
    }
    bytes_read_ += piece.size();
    if (bytes_read_ > bytes_max_) return fail(Kind::Invalid, "body.too_large");
    return piece;
}

Task<std::string_view> BodyReader::read() {
    if (framing_.kind == wire::BodyKind::Length && framing_.length > bytes_max_) {
        co_return fail(Kind::Invalid, "body.too_large");
    }
    while (!done_) {
        std::string_view piece;
        std::size_t consumed = 0;
        if (input_used_ < input_.view().size()) {
            piece = MERLON_CO_TRY(take(input_.view().substr(input_used_), consumed));
            input_used_ += consumed;
        } else if (!rest_.empty()) {
            piece = MERLON_CO_TRY(take(rest_, consumed));
            rest_.remove_prefix(consumed);
        } else {
            if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes);
            // Never beyond a known end: what follows belongs to the next request.
            const std::size_t wanted =
                framing_.kind == wire::BodyKind::Length
                    ? static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, buffer_bytes))
                    : buffer_bytes;
            auto got = co_await stream_.read_some({buffer_.get(), wanted});
            if (!got) {
                const bool ends_here = framing_.kind == wire::BodyKind::UntilClose &&
                                       got.error().rule == net::stream_end_rule;
                if (!ends_here) co_return std::unexpected(std::move(got).error());
                done_ = true;
                break;
            }
            rest_ = {buffer_.get(), *got};
            buffer_used_ = std::max(buffer_used_, *got);
            continue;
        }
        if (!piece.empty()) co_return piece;
    }
    co_return std::string_view();
}

void BodyReader::return_rest() {
    if (is_secret_) {
        input_.consume_wiped(input_used_);
    } else {
        input_.consume(input_used_);
    }
    input_used_ = 0;
    if (!rest_.empty()) input_.put(std::exchange(rest_, {}));
}

}  // namespace merlon::http
