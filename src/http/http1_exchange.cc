// Writes responses over HTTP/1.1.
#include "http/http1_exchange.h"

#include "base/text.h"
#include "http/reason_phrase.h"

namespace merlon::http {

using wire::BodyKind;
using wire::Framing;

Http1Exchange::Http1Exchange(Connection& connection, const wire::Admitted& admitted)
    : connection_(connection),
      admitted_(admitted),
      body_(connection.stream_, connection.input_, admitted.body,
            connection.context_.body_bytes_max, wire::Trailers::Refused),
      pace_({connection.context_.timeouts.body, connection.context_.timeouts.upload,
             connection.context_.upload_bytes_per_second}) {}

std::chrono::milliseconds Http1Exchange::since(std::uint64_t tick) const {
    return (connection_.context_.deadlines.now_tick() - tick) * net::Deadlines::tick_length;
}

Task<std::string_view> Http1Exchange::read_body() {
    if (admitted_.expects_continue) MERLON_CO_TRY(co_await send_continue());
    const std::uint64_t began_tick = connection_.context_.deadlines.now_tick();
    if (!upload_began_tick_) upload_began_tick_ = began_tick;
    const auto patience = pace_.patience(since(*upload_began_tick_));
    if (patience.count() == 0) co_return fail(Kind::Unavailable, net::stream_timeout_rule);
    connection_.stream_.set_deadline(patience);
    auto piece = co_await body_.read();
    if (piece) pace_.note(since(began_tick), piece->size());
    co_return piece;
}

Task<> Http1Exchange::send_continue() {
    const bool is_expected = admitted_.expects_continue && !continue_sent_ && !body_.is_received();
    if (!is_expected || state_ != State::Waiting) co_return Result<>{};
    continue_sent_ = true;
    net::Gather gather;
    gather.add("HTTP/1.1 100 Continue\r\n\r\n");
    connection_.stream_.set_deadline(connection_.context_.timeouts.body);
    co_return co_await connection_.stream_.write(gather);
}

bool Http1Exchange::client_has_left() {
    // Within the body its reader finds out whether that is whole.
    const bool has_unread = !body_.is_done() || body_.has_more();
    return has_unread ? connection_.stream_.is_broken() : connection_.stream_.has_peer_left();
}

void Http1Exchange::watch_client(ClientWatch* watch) {
    client_watch_ = watch;
    connection_.stream_.watch_peer(watch != nullptr ? this : nullptr);
}

void Http1Exchange::peer_ended() {
    if (client_has_left()) client_watch_->client_left();
}

bool Http1Exchange::decide_keep_alive() {
    // Without 100 Continue the client may or may not send the body: only closing is unambiguous.
    const bool body_is_unsure = admitted_.expects_continue && !continue_sent_;
    return admitted_.keep_alive && !connection_.context_.draining && body_.is_nearly_done() &&
           (!body_is_unsure || body_.is_done());
}

bool Http1Exchange::sends_body(int status) const {
    return head().method != wire::Method::Head && status >= 200 && status != 204 && status != 304;
}

void Http1Exchange::make_head(int status, const FieldLines& fields, Framing body) {
    keep_alive_ = decide_keep_alive();
    chunked_ = body.kind == BodyKind::Chunked || body.kind == BodyKind::UntilClose;
    if (chunked_ && head().version_minor == 0) {  // HTTP/1.0 has no chunks: closing ends the body
        chunked_ = false;
        keep_alive_ = false;
    }
    discards_body_ = !sends_body(status);

    std::string& out = connection_.output_;
    out.clear();
    out.append("HTTP/1.1 ");
    text::append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(reason_phrase(status)).append("\r\n");
    out.append(fields.text());
    out.append("Date: ").append(connection_.context_.date).append("\r\n");
    if (status != 204 && status >= 200) {  // RFC 9110 section 8.6
        if (chunked_) {
            out.append("Transfer-Encoding: chunked\r\n");
        } else if (body.kind == BodyKind::Length) {
            out.append("Content-Length: ");
            text::append_number(out, body.length);
            out.append("\r\n");
        }
    }
    if (!keep_alive_) {
        out.append("Connection: close\r\n");
    } else if (head().version_minor == 0) {
        out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
}

Task<> Http1Exchange::send(int status, const FieldLines& fields, std::string_view body) {
    MERLON_ASSERT(state_ == State::Waiting);
    state_ = State::Sent;
    make_head(status, fields, {BodyKind::Length, body.size()});
    // A short body behind its head: copying costs less than a second piece does in the kernel.
    constexpr std::size_t short_bytes = 1 << 10;
    net::Gather gather;
    const bool is_short = body.size() <= short_bytes;
    if (is_short && !discards_body_) connection_.output_.append(body);
    gather.add(connection_.output_);
    if (!is_short && !discards_body_) gather.add(body);
    if (!discards_body_) body_bytes_sent_ = body.size();
    connection_.stream_.set_deadline(connection_.context_.timeouts.body);
    return connection_.stream_.write(gather);
}

Task<> Http1Exchange::begin(int status, const FieldLines& fields, Framing body) {
    MERLON_ASSERT(state_ == State::Waiting);
    state_ = State::Streaming;
    make_head(status, fields, body);
    net::Gather gather;
    gather.add(connection_.output_);
    connection_.stream_.set_deadline(connection_.context_.timeouts.body);
    return connection_.stream_.write(gather);
}

Task<> Http1Exchange::write(std::string_view piece) {
    MERLON_ASSERT(state_ == State::Streaming);
    if (discards_body_ || piece.empty()) co_return Result<>{};
    std::string& out = connection_.output_;
    out.clear();
    net::Gather gather;
    if (chunked_) {
        wire::append_chunk_size(out, piece.size());
        gather.add(out);
    }
    gather.add(piece);
    if (chunked_) gather.add("\r\n");
    body_bytes_sent_ += piece.size();
    connection_.stream_.set_deadline(connection_.context_.timeouts.body);
    co_return co_await connection_.stream_.write(gather);
}

Task<> Http1Exchange::finish() {
    MERLON_ASSERT(state_ == State::Streaming);
    state_ = State::Sent;
    if (!chunked_ || discards_body_) co_return Result<>{};
    net::Gather gather;
    gather.add(wire::last_chunk);
    co_return co_await connection_.stream_.write(gather);
}

Task<> Http1Exchange::switch_protocols(const FieldLines& fields, std::string& early) {
    MERLON_ASSERT(state_ == State::Waiting);
    state_ = State::Switched;
    std::string& out = connection_.output_;
    out.assign("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");
    out.append(fields.text()).append("\r\n");
    early.append(connection_.input_.view());
    connection_.input_.consume(connection_.input_.view().size());
    net::Gather gather;
    gather.add(out);
    return connection_.stream_.write(gather);
}

Task<bool> Http1Exchange::settle() {
    if (state_ != State::Sent || !keep_alive_) co_return false;
    connection_.stream_.set_deadline(connection_.context_.timeouts.body);
    while (!body_.is_done()) MERLON_CO_TRY(co_await body_.read());
    body_.return_rest();
    co_return true;
}

}  // namespace merlon::http
