// Sends the request, relays the response, opens tunnels. Read run() first.
#include "gateway/proxy/attempt.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "base/child_task.h"
#include "base/text.h"
#include "gateway/proxy/proxy_fields.h"

namespace merlon::gateway {

using wire::BodyKind;
using wire::FieldId;

namespace {

// An error while reading the response's body is the upstream's, whatever broke.
Result<std::string_view> as_response_piece(Result<std::string_view> piece) {
    if (piece) return piece;
    return fail(Kind::Unavailable, "upstream.broken", std::string(piece.error().rule));
}

// The head of a response of known length up to this waits for the first piece of the body, so that
// one write carries both. Longer ones, and those of unknown length, are sent at once.
constexpr std::uint64_t small_response_bytes = 16 << 10;

// Events that come for as long as both sides like (HTML, server-sent events).
bool is_event_stream(const wire::ResponseHead& response) {
    const wire::Field* type = response.find(FieldId::ContentType);
    if (type == nullptr) return false;
    const std::string_view name = type->value.substr(0, type->value.find(';'));
    return text::equals_ignoring_case(text::trim(name), "text/event-stream");
}

}  // namespace

Task<int> Attempt::run(std::string_view head, std::string_view body) {
    net::Stream& stream = upstream_.stream();
    net::Gather request;
    request.add(head);
    request.add(body);
    const std::uint64_t sent_before = stream.bytes_sent();
    stream.set_deadline(to_.body_timeout);
    is_sent_ = (co_await stream.write(request)).has_value();
    sent_nothing_ = !is_sent_ && stream.bytes_sent() == sent_before;
    if (sent_nothing_) co_return fail(Kind::Unavailable, http::upstream_closed_rule);
    if (is_sent_ && !exchange_.body_is_done()) co_return co_await relay_response_while_sending();
    // Even when sending failed: an upstream may respond and close before it has read a body.
    stream.set_deadline(to_.timeout);
    co_return co_await relay_response();
}

Task<int> Attempt::relay_response_while_sending() {
    MERLON_CO_TRY(co_await exchange_.send_continue());
    entry_.becomes_stream();
    is_sent_ = false;
    ChildTask sending(upstream_.stream().executor());
    sending.start(send_body());
    auto status = co_await relay_response();
    if (sending.is_running()) {  // the response came, or broke, before the body's end
        stops_sending_ = true;
        exchange_.cancel_read();
        upstream_.stream().close();
    }
    const Result<> sent = co_await sending.join();
    is_sent_ = sent.has_value();
    if (!status && client_failed_) co_return std::unexpected(sent.error());
    co_return status;
}

// Each piece is sent before the next is read: back-pressure. While this waits for the client, only
// the client's deadline runs; from the end of the body the upstream's runs.
Task<> Attempt::send_body() {
    net::Stream& stream = upstream_.stream();
    const bool chunked = exchange_.admitted().body.kind == BodyKind::Chunked;
    std::string size_line;
    for (bool is_last = false; !is_last;) {
        // Also before the first piece: the response may be over before this begins.
        if (stops_sending_) co_return fail(Kind::Unavailable, net::stream_closed_rule);
        if (!has_response_) stream.clear_deadline();
        auto piece = co_await exchange_.read_body();
        if (!piece) {
            client_failed_ = !stops_sending_;
            stream.close();  // a request cut short is no request; this ends relay_response(), too
            co_return std::unexpected(http::as_client_error(std::move(piece).error()));
        }
        is_last = piece->empty();
        net::Gather next;
        if (chunked && is_last) {
            next.add(wire::last_chunk);
        } else if (chunked) {
            size_line.clear();
            wire::append_chunk_size(size_line, piece->size());
            next.add(size_line);
            next.add(*piece);
            next.add("\r\n");
        } else {
            next.add(*piece);
        }
        stream.set_deadline(to_.body_timeout);
        MERLON_CO_TRY(co_await stream.write(next));
    }
    if (!has_response_) stream.set_deadline(to_.timeout);
    entry_.client_has_left();  // its end may have come with the last piece
    co_return Result<>{};
}

Task<int> Attempt::relay_response() {
    const wire::ResponseHead* head =
        MERLON_CO_TRY(co_await upstream_.read_head(exchange_.head().method));
    to_.upstream.durations().observe(to_.clock.steady() - began_);
    has_response_ = true;
    if (head->status == 101) co_return co_await open_tunnel(*head);
    const int status = head->status;
    if (to_.revocations != nullptr) MERLON_CO_TRY(co_await apply_revocations(*head));
    MERLON_CO_TRY(co_await send_response(*head));
    co_return status;
}

// A revocation that this gateway acknowledges is in force here, also while the feed is cut. When
// there were too many for the response's field, this waits for the feed, but not for long: a route
// that must not miss any has when_stale: closed.
Task<> Attempt::apply_revocations(const wire::ResponseHead& response) {
    const auto revoked = std::ranges::find_if(response.fields, [](const wire::Field& field) {
        return text::equals_ignoring_case(field.name, tokens::revoked_field);
    });
    if (revoked == response.fields.end() || to_.revocations->take_over(revoked->value)) {
        co_return Result<>{};
    }
    constexpr std::chrono::milliseconds patience{300};
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        pause(upstream_.stream().executor());
    const SteadyTime end = to_.clock.steady() + patience;
    while (to_.revocations->generation() == revocations_before_ && to_.clock.steady() < end) {
        pause.expires_after(std::chrono::milliseconds{1});
        co_await pause.async_wait(as_result);
    }
    co_return Result<>{};
}

// Sends the response to the client, each piece before the next is read.
Task<> Attempt::send_response(const wire::ResponseHead& response) {
    http::FieldLines& fields = to_.buffers.response_fields;
    make_response_fields(exchange_, response, to_, upstream_.authority(), fields);
    const int status = response.status;
    const wire::Framing body = upstream_.admitted().body;
    if (body.kind == BodyKind::None) {
        // A response to HEAD, or a 304, keeps its Content-Length, and gets none that it had not: a
        // cache would believe that the body is empty.
        wire::Framing framing{BodyKind::None, 0};
        if (const wire::Field* length = response.find(FieldId::ContentLength)) {
            framing = {BodyKind::Length, text::parse_number(length->value).value_or(0)};
        }
        MERLON_CO_TRY(co_await exchange_.begin(status, fields, framing));
        co_return co_await exchange_.finish();
    }
    std::string_view piece;
    if (body.kind == BodyKind::Length && body.length <= small_response_bytes) {
        upstream_.stream().set_deadline(to_.body_timeout);
        piece = MERLON_CO_TRY(as_response_piece(co_await upstream_.read_body()));
        if (piece.size() == body.length) co_return co_await exchange_.send(status, fields, piece);
    }
    entry_.becomes_stream();
    const bool is_events = is_event_stream(response);
    if (is_events) {
        MERLON_CO_TRY(place_.becomes_stream());
        exchange_.stream().find_out_dead_peer();
    }
    MERLON_CO_TRY(co_await exchange_.begin(status, fields, body));
    while (true) {
        if (!piece.empty()) MERLON_CO_TRY(co_await exchange_.write(piece));
        upstream_.stream().set_deadline(is_events ? to_.stream_idle : to_.body_timeout);
        piece = MERLON_CO_TRY(as_response_piece(co_await upstream_.read_body()));
        if (piece.empty()) break;
    }
    co_return co_await exchange_.finish();
}

Task<int> Attempt::open_tunnel(const wire::ResponseHead& response) {
    const wire::Field* upgrade = response.find(FieldId::Upgrade);
    if (!wants_tunnel(exchange_, to_) || upgrade == nullptr ||
        !text::equals_ignoring_case(upgrade->value, "websocket")) {
        co_return fail(Kind::Unavailable, "upstream.framing", "101 without a request to upgrade");
    }
    MERLON_CO_TRY(place_.becomes_stream());
    is_tunnel_ = true;
    http::FieldLines& fields = to_.buffers.response_fields;
    make_response_fields(exchange_, response, to_, upstream_.authority(), fields);
    fields.add("Upgrade", "websocket");
    std::string early_client;
    Tunnel tunnel(exchange_.stream(), upstream_.stream(), to_.stream_idle);
    entry_.becomes_tunnel(tunnel);
    MERLON_CO_TRY(co_await exchange_.switch_protocols(fields, early_client));
    // However the tunnel ends, the response was 101.
    co_await tunnel.run(std::move(early_client), std::string(upstream_.early_bytes()));
    entry_.forget_tunnel();
    co_return 101;
}

}  // namespace merlon::gateway
