// Decides which fields are forwarded, and which the gateway sets itself.
#include "gateway/proxy/proxy_fields.h"

#include <algorithm>

#include "base/text.h"
#include "gateway/proxy/references.h"
#include "gateway/snapshot/cors.h"
#include "tokens/assertion.h"
#include "tokens/revocations.h"
#include "wire/connection_options.h"

namespace merlon::gateway {
namespace {

using wire::BodyKind;
using wire::Field;
using wire::FieldId;

// Whether a request field is forwarded to the upstream. Not those that frame or address the
// message, that the gateway sets itself, or that mean nothing here.
bool is_forwarded(const Field& field, const wire::ConnectionOptions& options,
                  const Forwarding& to) {
    if (to.relay.request.dropped.has(field.name)) return false;
    switch (field.id) {
        case FieldId::Other:
            return !wire::may_be_read_as_another(field.name) && !options.names(field.name);
        case FieldId::ProxyClaim:
            return std::ranges::any_of(to.named_fields,
                                       [&](const std::string& name) {
                                           return text::equals_ignoring_case(name, field.name);
                                       }) &&
                   !options.names(field.name);
        case FieldId::Destination:  // of COPY and MOVE it is judged, and sent as the service's own
            return to.destination.empty() && !options.names(field.name);
        case FieldId::Vary:
        case FieldId::Authorization:
        case FieldId::Origin:
        case FieldId::ContentType:
        case FieldId::Accept:
        case FieldId::AccessControlRequestMethod:
        case FieldId::UserAgent:
        case FieldId::IfMatch:
        case FieldId::IdempotencyKey:
        case FieldId::Date:
        case FieldId::Location:
        case FieldId::ContentLocation:
        case FieldId::Refresh:
        case FieldId::SetCookie:
            return !options.names(field.name);
        default:
            return false;
    }
}

// Whether a field of the upstream's response is relayed to the client.
bool is_relayed(const Field& field, const wire::ConnectionOptions& options,
                const ResponseRules& rules) {
    if (rules.drops(field.name)) return false;
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
        case FieldId::ServerVersion:
            return false;
        case FieldId::ResponsePolicy:  // ours replaces it, never doubles it
            return rules.keeps(field.name) && !options.names(field.name);
        default:
            return !options.names(field.name);
    }
}

// Our fields, with the names that the upstream's Vary lists in the line of ours: caches and CDNs
// exist that read the first line only.
void add_with_vary(const wire::ResponseHead& response, std::string_view own,
                   http::FieldLines& out) {
    const std::size_t line = own.find(vary_by_origin);
    const std::size_t end = line + vary_by_origin.size() - 2;  // before its CRLF
    if (line != std::string_view::npos) out.add_lines(own.substr(0, end));
    for (const Field& field : response.fields) {
        if (field.id != FieldId::Vary) continue;
        if (line == std::string_view::npos) {
            out.add(field.name, field.value);
            continue;
        }
        for (const std::string_view name : text::split(field.value, ',')) {
            if (name.empty() || text::equals_ignoring_case(name, "Origin")) continue;
            out.add_lines(", ");
            out.add_lines(name);
        }
    }
    out.add_lines(line != std::string_view::npos ? own.substr(end) : own);
}

std::string_view host_sent(const http::Exchange& exchange, const Forwarding& to,
                           std::string_view authority) {
    const std::string_view host = exchange.admitted().host;
    return to.relay.keeps_host && !host.empty() ? host : authority;
}

// RFC 9110 section 8.6: there are servers that answer 411 to such a request without a length.
bool expects_content(wire::Method method) {
    return method == wire::Method::Post || method == wire::Method::Put ||
           method == wire::Method::Patch;
}

}  // namespace

bool wants_tunnel(const http::Exchange& exchange, const Forwarding& to) {
    return to.allows_websocket && exchange.admitted().wants_websocket &&
           exchange.admitted().body.kind == BodyKind::None;
}

std::string identity_fields(const access::Subject& subject) {
    std::string permissions;
    for (const std::string& name : subject.permission_names) {
        if (!permissions.empty()) permissions += ',';
        permissions += name;
    }
    std::string out;
    http::append_line(out, "X-User-Id", subject.user_id);
    http::append_line(out, "X-User-Email", subject.email);
    http::append_line(out, "X-User-Role", subject.role);
    http::append_line(out, "X-User-Permissions", permissions);
    return out;
}

void make_request_head(const http::Exchange& exchange, const access::Subject* subject,
                       const Forwarding& to, std::string_view authority, std::string& out) {
    const wire::RequestHead& head = exchange.head();
    const wire::Framing& body = exchange.admitted().body;
    out.assign(wire::name(head.method)).append(" ");
    to.relay.append_path(to.target.path, out);
    if (to.target.has_query) out.append("?").append(to.target.query);
    out.append(" HTTP/1.1\r\n");
    const std::string_view host = host_sent(exchange, to, authority);
    http::append_line(out, "Host", host);

    const auto options = wire::ConnectionOptions::of(head.fields);
    const bool websocket = wants_tunnel(exchange, to);
    for (const Field& field : head.fields) {
        const bool is_handshake = websocket && (field.id == FieldId::SecWebSocketKey ||
                                                field.id == FieldId::SecWebSocketVersion);
        if (is_handshake || is_forwarded(field, options, to)) {
            http::append_line(out, field.name, field.value);
        }
    }
    http::append_line(out, "X-Request-ID", to.request_id);
    http::append_line(out, "traceparent", to.traceparent);
    http::append_line(out, "X-Forwarded-For", to.client_address);
    http::append_line(out, "X-Real-IP", to.client_address);
    http::append_line(out, "X-Forwarded-Proto", to.scheme);
    http::append_line(out, "X-Forwarded-Host", exchange.admitted().host);
    http::append_line(out, "X-Forwarded-Port", to.port);
    out.append(to.relay.request.fields.text());
    if (!to.destination.empty()) {
        http::append_line(out, "Destination", destination_for(to.relay, host, to.destination));
    }
    if (subject != nullptr) out.append(subject->identity_fields);
    if (!to.assertion.empty()) http::append_line(out, tokens::assertion_field, to.assertion);
    if (websocket) out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    if (to.body != nullptr || body.kind == BodyKind::Length) {
        out.append("Content-Length: ");
        text::append_number(out, to.body != nullptr ? to.body->size() : body.length);
        out.append("\r\n");
    } else if (body.kind == BodyKind::Chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
    } else if (expects_content(head.method)) {
        out.append("Content-Length: 0\r\n");
    }
    out.append("\r\n");
}

void make_response_fields(const http::Exchange& exchange, const wire::ResponseHead& response,
                          const Forwarding& to, std::string_view authority, http::FieldLines& out) {
    out.clear();
    const auto options = wire::ConnectionOptions::of(response.fields);
    const References references{to.relay, host_sent(exchange, to, authority),
                                exchange.admitted().host};
    bool has_vary = false;
    for (const Field& field : response.fields) {
        if (field.id == FieldId::Vary) {
            has_vary = true;
            continue;
        }
        const bool is_for_us = to.revocations != nullptr &&
                               text::equals_ignoring_case(field.name, tokens::revoked_field);
        if (is_for_us || !is_relayed(field, options, to.response_rules)) continue;
        if (References::are_in(field.id)) {
            references.add(field, out);
        } else {
            out.add(field.name, field.value);
        }
    }
    out.add_lines(to.response_rules.service_lines());
    const std::string_view own =
        to.response_rules.add_unsaid(response, options, to.response_fields.text(), out);
    if (has_vary) return add_with_vary(response, own, out);
    out.add_lines(own);
}

}  // namespace merlon::gateway
