// Handshake, reads and writes of a stream under TLS.
#include <sys/socket.h>

#include "net/stream.h"
#include "net/tls.h"

namespace merlon::net {
namespace {

std::string_view text_of(const iovec& piece) {
    return {static_cast<const char*>(piece.iov_base), piece.iov_len};
}

// In all no more than a record. Never inlined: to reach so much stack costs those something, too,
// who have one piece.
[[gnu::noinline]] TlsStep write_joined(TlsSession& tls, std::span<const iovec> pieces) {
    // Not zeroed first, as our flags would have it: 16 KiB for every answer.
    [[clang::uninitialized]] std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> joined;
    char* end = joined.data();
    for (const iovec& piece : pieces) end = std::ranges::copy(text_of(piece), end).out;
    return tls.write({joined.data(), end});
}

}  // namespace

Task<> Stream::flush_tls() {
    std::string& output = tls_->output();
    const iovec all{output.data(), output.size()};
    const Result<std::size_t> sent = output.empty() ? 0 : send_some({&all, 1});
    if (!sent) return std::unexpected(sent.error());
    if (*sent < output.size()) return flush_tls_rest(*sent);
    output.clear();
    return Result<>{};
}

Task<> Stream::flush_tls_rest(std::size_t sent) {
    std::string& output = tls_->output();
    Result<> done;
    flushing_ = true;  // whoever reads may append meanwhile, but not send
    while (done && sent < output.size()) {
        co_await socket_.writable();
        const iovec rest{output.data() + sent, output.size() - sent};
        const auto some = send_some({&rest, 1});
        if (some) {
            sent += *some;
        } else {
            done = std::unexpected(some.error());
        }
    }
    flushing_ = false;
    output.clear();
    co_return done;
}

Result<> Stream::send_tls_replies() {
    // Beside a write under way, which holds up to 128 KiB itself.
    constexpr std::size_t reply_bytes_max = 192 << 10;
    std::string& output = tls_->output();
    if (!output.empty() && !flushing_) {
        const iovec all{output.data(), output.size()};
        output.erase(0, MERLON_TRY(send_some({&all, 1})));
    }
    // Who asks for answers of TLS's own again and again and takes none of them wants our memory.
    if (output.size() > reply_bytes_max) return fail(Kind::Unavailable, stream_reset_rule);
    return {};
}

Task<> Stream::handshake() {
    if (!tls_) co_return Result<>{};
    while (true) {
        const TlsStep step = tls_->handshake();
        if (step.need == TlsNeed::Nothing) co_return co_await flush_tls();
        if (step.need != TlsNeed::Input) {
            co_await flush_tls();  // the alert that says why
            co_return fail(Kind::Invalid, "tls.handshake", tls_->failure());
        }
        MERLON_CO_TRY(co_await flush_tls());
        tls_->received(
            MERLON_CO_TRY(co_await await_and_take(&Stream::receive, tls_->input_space())));
    }
}

Result<std::size_t> Stream::decrypt(std::span<char> buffer) {
    while (true) {
        const TlsStep step = tls_->may_read() ? tls_->read(buffer) : TlsStep{TlsNeed::Input, 0};
        if (step.need == TlsNeed::Nothing) return step.bytes;
        if (step.need == TlsNeed::Ended) return fail(Kind::Unavailable, stream_end_rule);
        if (step.need == TlsNeed::Failed) {
            return fail(Kind::Unavailable, stream_reset_rule, "TLS: " + tls_->failure());
        }
        MERLON_TRY(send_tls_replies());
        // Records that say nothing to us (KeyUpdate) may come as fast as a peer can send them.
        if (is_others_turn()) return 0;
        auto got = receive(tls_->input_space());
        // Without close_notify anybody on the way may have cut the connection: what lasts until
        // its end is not whole (RFC 9112 section 9.8).
        if (!got && got.error().rule == stream_end_rule) got.error().rule = stream_reset_rule;
        const std::size_t bytes = MERLON_TRY(std::move(got));
        if (bytes == 0) return 0;
        tls_->received(bytes);
    }
}

// Whether the peer, which sends no more, sent something that is not read yet. Its close_notify is
// nothing.
bool Stream::has_unread_tls() {
    // Records without content may be many: they are not worth a search.
    constexpr int reads_max = 8;
    for (int reads = 0; reads < reads_max; ++reads) {
        const TlsNeed need = tls_->may_read() ? tls_->peek() : TlsNeed::Input;
        if (need != TlsNeed::Input) return need == TlsNeed::Nothing;
        const auto got = receive(tls_->input_space());
        if (!got || *got == 0) return false;
        tls_->received(*got);
    }
    return false;
}

Task<> Stream::write_tls(Gather gather) {
    std::size_t bytes = 0;
    for (const iovec& piece : gather.pieces()) bytes += piece.iov_len;
    if (bytes == 0) return flush_tls();
    if (bytes > SSL3_RT_MAX_PLAIN_LENGTH) return write_tls_parts(std::move(gather));
    // What fits into one record goes into one: an answer's head and its body.
    const bool is_whole = gather.pieces().size() == 1;
    const TlsStep step = is_whole ? tls_->write(text_of(gather.pieces().front()))
                                  : write_joined(*tls_, gather.pieces());
    if (step.need != TlsNeed::Nothing) {
        return fail(Kind::Unavailable, stream_reset_rule, "TLS write failed");
    }
    return flush_tls();
}

Task<> Stream::write_tls_parts(Gather gather) {
    // A bounded part at a time, so that a large body does not become a large buffer.
    constexpr std::size_t output_bytes_max = 64 << 10;
    for (const iovec& piece : gather.pieces()) {
        std::string_view rest = text_of(piece);
        while (!rest.empty()) {
            const std::string_view part = rest.substr(0, output_bytes_max);
            if (tls_->write(part).need != TlsNeed::Nothing) {
                co_return fail(Kind::Unavailable, stream_reset_rule, "TLS write failed");
            }
            rest.remove_prefix(part.size());
            if (tls_->output().size() >= output_bytes_max) MERLON_CO_TRY(co_await flush_tls());
        }
    }
    co_return co_await flush_tls();
}

}  // namespace merlon::net
