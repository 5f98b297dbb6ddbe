// The reverse proxy. Read forward() first.
#include "gateway/proxy.h"

#include "base/text.h"

namespace merlon::gateway {
namespace {

using wire::BodyKind;
using wire::Field;
using wire::FieldId;

// Whether a request field goes on to the upstream. Everything that frames or addresses the message,
// that the gateway says itself, or that has no power here, stays.
bool is_forwarded(const Field& field, std::string_view connection_lists) {
    switch (field.id) {
        case FieldId::Other:
            // "X_User_Id" is "X-User-Id" to servers that make variables of field names.
            return field.name.find('_') == std::string_view::npos &&
                   (connection_lists.empty() || !wire::lists_token(connection_lists, field.name));
        case FieldId::Authorization:
        case FieldId::Origin:
        case FieldId::ContentType:
        case FieldId::Accept:
        case FieldId::AccessControlRequestMethod:
        case FieldId::UserAgent:
        case FieldId::Date:
            return connection_lists.empty() || !wire::lists_token(connection_lists, field.name);
        default:
            return false;
    }
}

// Whether a field of the upstream's answer goes on to the client.
bool is_answered(const Field& field, std::string_view connection_lists) {
    switch (field.id) {
        case FieldId::Connection:
        case FieldId::ContentLength:
        case FieldId::TransferEncoding:
        case FieldId::KeepAlive:
        case FieldId::Trailer:
        case FieldId::Upgrade:
        case FieldId::ProxyAuthenticate:
        case FieldId::ProxyConnection:
        case FieldId::Date:
        case FieldId::XRequestId:
        case FieldId::ResponsePolicy:  // ours replaces it, never doubles it
        case FieldId::ServerVersion:
            return false;
        default:
            return connection_lists.empty() || !wire::lists_token(connection_lists, field.name);
    }
}

std::string connection_lists(const std::vector<Field>& fields) {
    std::string lists;
    for (const Field& field : fields) {
        if (field.id != FieldId::Connection) continue;
        if (!lists.empty()) lists += ',';
        lists += field.value;
    }
    // The common values name no field.
    if (text::equals_ignoring_case(lists, "keep-alive") ||
        text::equals_ignoring_case(lists, "close")) {
        lists.clear();
    }
    return lists;
}

void add_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

// Identity of the caller, as its verified token says.
void add_identity(std::string& out, const access::Subject* subject) {
    if (subject == nullptr) return;
    add_line(out, "X-User-Id", subject->user_id);
    add_line(out, "X-User-Email", subject->email);
    add_line(out, "X-User-Role", subject->role);
    out.append("X-User-Permissions: ");
    for (std::size_t i = 0; i < subject->permission_names.size(); ++i) {
        if (i > 0) out += ',';
        out += subject->permission_names[i];
    }
    out.append("\r\n");
}

std::string make_request_head(const http::Exchange& exchange, const access::Subject* subject,
                              const Forwarding& to, std::string_view authority) {
    const wire::RequestHead& head = exchange.head();
    const wire::Framing& body = exchange.admitted().body;
    std::string out;
    out.reserve(2'048);
    out.append(wire::name(head.method)).append(" ").append(to.target.path);
    if (to.target.has_query) out.append("?").append(to.target.query);
    out.append(" HTTP/1.1\r\n");
    add_line(out, "Host", authority);

    const std::string lists = connection_lists(head.fields);
    const bool websocket = to.allows_websocket && exchange.admitted().wants_websocket;
    for (const Field& field : head.fields) {
        const bool is_handshake = websocket && (field.id == FieldId::SecWebSocketKey ||
                                                field.id == FieldId::SecWebSocketVersion);
        if (is_handshake || is_forwarded(field, lists)) add_line(out, field.name, field.value);
    }
    add_line(out, "X-Request-ID", to.request_id);
    add_line(out, "traceparent", to.traceparent);
    add_line(out, "X-Forwarded-For", to.client_address);
    add_line(out, "X-Forwarded-Proto", to.scheme);
    add_line(out, "X-Forwarded-Host", exchange.admitted().host);
    add_identity(out, subject);
    if (websocket) out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    if (to.body != nullptr) {
        add_line(out, "Content-Length", std::to_string(to.body->size()));
    } else if (body.kind == BodyKind::Length) {
        add_line(out, "Content-Length", std::to_string(body.length));
    } else if (body.kind == BodyKind::Chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
    }
    return out.append("\r\n");
}

// Head and body to the upstream, each piece sent before the next is read: back-pressure.
Task<> send_request(http::Exchange& exchange, http::Stream& stream, std::string head,
                    const Forwarding& to) {
    stream.set_deadline(to.body_timeout);
    http::Gather gather;
    gather.add(head);
    if (to.body != nullptr) gather.add(*to.body);
    MERLON_CO_TRY(co_await stream.write(gather));
    if (to.body != nullptr || exchange.admitted().body.kind == BodyKind::None) co_return Result<>{};

    const bool chunked = exchange.admitted().body.kind == BodyKind::Chunked;
    std::string size_line;
    while (true) {
        auto piece = co_await exchange.read_body();
        if (!piece) {
            auto error = std::move(piece).error();
            if (error.rule.starts_with("stream.")) error.rule = "client.gone";
            co_return std::unexpected(std::move(error));
        }
        http::Gather next;
        size_line.clear();
        if (piece->empty()) {
            if (chunked) next.add(wire::last_chunk);
        } else {
            if (chunked) {
                wire::append_chunk_size(size_line, piece->size());
                next.add(size_line);
            }
            next.add(*piece);
            if (chunked) next.add("\r\n");
        }
        stream.set_deadline(to.body_timeout);
        MERLON_CO_TRY(co_await stream.write(next));
        if (piece->empty()) co_return Result<>{};
    }
}

http::FieldLines make_answer_fields(const wire::ResponseHead& answer, const Forwarding& to) {
    http::FieldLines fields;
    const std::string lists = connection_lists(answer.fields);
    for (const Field& field : answer.fields) {
        if (is_answered(field, lists)) fields.add(field.name, field.value);
    }
    fields.add_lines(to.answer_fields.text());
    return fields;
}

// The answer to the client, each piece sent before the next is read.
Task<> relay_answer(http::Exchange& exchange, http::ClientConnection& upstream,
                    const wire::ResponseHead& answer, const Forwarding& to) {
    const http::FieldLines fields = make_answer_fields(answer, to);
    const wire::Framing& body = upstream.admitted().body;
    if (body.kind == BodyKind::None) {
        // A HEAD or 304 answer keeps the length it speaks of.
        wire::Framing framing{BodyKind::Length, 0};
        if (const Field* length = answer.find(FieldId::ContentLength)) {
            framing.length = text::parse_number(length->value).value_or(0);
        }
        MERLON_CO_TRY(co_await exchange.begin(answer.status, fields, framing));
        co_return co_await exchange.finish();
    }
    // A short body has come with its head: one write answers both.
    auto piece = MERLON_CO_TRY(co_await upstream.read_body());
    if (body.kind == BodyKind::Length && piece.size() == body.length) {
        MERLON_CO_TRY(co_await exchange.send(answer.status, fields, piece));
        co_return Result<>{};
    }
    MERLON_CO_TRY(co_await exchange.begin(answer.status, fields, body));
    while (!piece.empty()) {
        MERLON_CO_TRY(co_await exchange.write(piece));
        upstream.stream().set_deadline(to.body_timeout);
        piece = MERLON_CO_TRY(co_await upstream.read_body());
    }
    co_return co_await exchange.finish();
}

// Sending twice must do no harm, and nothing of the request may be gone (RFC 9110 section 9.2.2).
bool may_retry(const http::Exchange& exchange) {
    const wire::Method method = exchange.head().method;
    return exchange.admitted().body.kind == BodyKind::None && method != wire::Method::Post &&
           method != wire::Method::Patch;
}

}  // namespace

Task<int> forward(http::Exchange& exchange, access::Pass pass, Forwarding to) {
    auto fresh = Upstream::Fresh::No;
    while (true) {
        Upstream::Loan loan = MERLON_CO_TRY(co_await to.upstream.borrow(fresh));
        http::ClientConnection& upstream = *loan.connection;
        auto sent = co_await send_request(
            exchange, upstream.stream(),
            make_request_head(exchange, pass.subject(), to, upstream.authority()), to);
        if (!sent && !sent.error().rule.starts_with("stream.")) {  // the client's body failed
            to.upstream.give_up(std::move(loan));
            co_return std::unexpected(std::move(sent).error());
        }
        // Even when sending failed: an upstream may answer and close before it has read a body.
        upstream.stream().set_deadline(to.timeout);
        auto answer = co_await upstream.read_head(exchange.head().method);
        if (!answer) {
            const bool was_stale = loan.is_reused && answer.error().rule == "upstream.closed";
            to.upstream.give_up(std::move(loan));
            if (was_stale && fresh == Upstream::Fresh::No && may_retry(exchange)) {
                fresh = Upstream::Fresh::Yes;
                continue;
            }
            co_return std::unexpected(std::move(answer).error());
        }
        const int status = (*answer)->status;
        if (status == 101) {
            to.upstream.give_up(std::move(loan));
            co_return fail(Kind::Unavailable, "upstream.framing", "101 without being asked");
        }
        auto relayed = co_await relay_answer(exchange, upstream, **answer, to);
        if (!relayed) {
            to.upstream.give_up(std::move(loan));
            if (!exchange.has_begun()) relayed.error().rule = "upstream.broken";
            co_return std::unexpected(std::move(relayed).error());
        }
        if (sent) {
            to.upstream.give_back(std::move(loan));
        } else {
            to.upstream.give_up(std::move(loan));
        }
        co_return status;
    }
}

}  // namespace merlon::gateway
