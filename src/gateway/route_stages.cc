// The first stages that RequestPath::respond() names: who asks, from where, for which route.
#include "gateway/request_path.h"

#include <algorithm>

#include "base/text.h"
#include "base/uuid.h"
#include "gateway/snapshot/cors.h"
#include "wire/trace.h"

namespace merlon::gateway {

using wire::Field;
using wire::FieldId;

namespace {

bool is_port(std::string_view text) {
    const auto number = text::parse_number<std::uint16_t>(text);
    return number && *number > 0;
}

// Of a Host field that admission accepted.
std::string_view port_of(std::string_view host, bool is_https) {
    const std::size_t colon = host.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
    if (has_port) return host.substr(colon + 1);
    return is_https ? "443" : "80";
}

}  // namespace

// The client's address and scheme, and the identifiers of the request from here on.
void RequestPath::identify(const http::Exchange& exchange, Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    const std::string& peer = exchange.peer().address;
    std::string_view received_id;
    std::string_view received_trace;
    std::string_view received_scheme;
    std::string_view received_port;
    std::string_view received_host;
    std::string forwarded_for;
    for (const Field& field : exchange.head().fields) {
        if (field.id == FieldId::XRequestId) received_id = field.value;
        if (field.id == FieldId::Traceparent) received_trace = field.value;
        if (field.id == FieldId::XForwardedProto) received_scheme = field.value;
        if (field.id == FieldId::XForwardedPort) received_port = field.value;
        if (field.id == FieldId::XForwardedHost) received_host = field.value;
        if (field.id == FieldId::Authorization) request.state->cache.expect(field.value);
        if (field.id == FieldId::XForwardedFor) {
            if (!forwarded_for.empty()) forwarded_for += ',';
            forwarded_for += field.value;
        }
    }
    const bool is_proxied = snapshot.trusted_proxies.contains(peer);
    request.client = is_proxied ? snapshot.trusted_proxies.client_of(peer, forwarded_for) : peer;
    request.takes_named_fields = is_proxied || !snapshot.trusted_proxies.are_named();
    const bool is_https = exchange.peer().is_tls || (is_proxied && received_scheme == "https");
    request.scheme = is_https ? "https" : "http";
    if (is_proxied) request.forwarded_host = received_host;
    request.port = is_proxied && is_port(received_port)
                       ? received_port
                       : port_of(exchange.admitted().host, is_https);
    const bool takes_id = is_proxied && wire::is_request_id(received_id);
    request.buffers->request_id =
        takes_id ? received_id : Uuid::make_v7(request.received_at, entropy_).text();
    wire::next_traceparent(received_trace, entropy_, request.buffers->traceparent);
}

// Before the first refusal. The rules' lines come first, as ResponseRules::add_unsaid expects.
void RequestPath::add_first_fields(Request& request) {
    http::FieldLines& fields = request.buffers->response_fields;
    fields.add_lines(request.response_rules().lines());
    fields.add("X-Request-ID", request.buffers->request_id);
}

namespace {

// Where the service may read the path as another route's, that one's rules hold, too. The usual
// path is in folded form, and pays for no look-up.
void find_guards(wire::Method method, std::string_view path, const Route* route, Request& request) {
    if (route->spelling == PathSpelling::Exact) return;
    const Snapshot& snapshot = *request.snapshot;
    if (!wire::is_folded(path) || snapshot.spellings.have_unfolded_patterns()) {
        snapshot.spellings.find(request.buffers->host, method, path, route, request.guards);
    }
}

void fold_for_limits(Request& request) {
    const std::string_view path = request.target.path;
    if (request.match.route->spelling == PathSpelling::Exact) return;
    if (!wire::is_folded(path) || request.snapshot->has_unfolded_limits) {
        request.folded_path = wire::fold(path, wire::Folding::Both);
    }
}

api::Match<Route> find(wire::Method method, const Request& request) {
    return request.snapshot->routes.find(request.buffers->host, method, request.target.path);
}

// The lists of the service that gets the request, or that gets the one a preflight is about.
const CorsTexts& cors_texts_of(const http::Exchange& exchange, const Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    const Route* route = request.match.route;
    if (const Field* asked = exchange.head().find(FieldId::AccessControlRequestMethod)) {
        const auto method = wire::find_method(asked->value);
        if (method) route = find(*method, request).route;
    }
    const bool is_of_service = route != nullptr && route->is_forwarded();
    return is_of_service ? snapshot.services[route->service].cors : snapshot.cors_texts;
}

}  // namespace

// Errors: those of wire::canonicalize.
Result<RequestPath::Lookup> RequestPath::find_route(const http::Exchange& exchange,
                                                    Request& request) {
    if (request.snapshot->compares_hosts) {
        api::normalize_host(exchange.admitted().host, request.buffers->host);
    }
    request.target = MERLON_TRY(wire::canonicalize(exchange.head().target, request.buffers->path));
    const wire::Method method = exchange.head().method;
    request.match = find(method, request);
    if (request.match.methods == 0) return Lookup::UnknownPath;
    if (request.match.route != nullptr) {
        find_guards(method, request.target.path, request.match.route, request);
        fold_for_limits(request);
        return Lookup::Route;
    }
    const bool is_options = method == wire::Method::Options;
    return is_options ? Lookup::Options : Lookup::UnknownMethod;
}

// COPY and MOVE write to the path in Destination (RFC 4918 section 10.3): what the routes there ask
// of a request, they ask of this one, too. Errors: "target.host", "route.destination" (Denied),
// those of wire::canonicalize.
Result<> RequestPath::guard_destination(const http::Exchange& exchange, Request& request) {
    const wire::Method method = exchange.head().method;
    if (method != wire::Method::Copy && method != wire::Method::Move) return {};
    const Field* destination = exchange.head().find(FieldId::Destination);
    if (destination == nullptr) return {};
    MERLON_TRY(wire::require_own_reference(destination->value, exchange.admitted().host));
    request.destination =
        MERLON_TRY(wire::canonicalize(destination->value, request.buffers->destination_path));
    for (const wire::Method judged : {method, wire::Method::Put}) {
        const Route* route =
            request.snapshot->routes.find(request.buffers->host, judged, request.destination.path)
                .route;
        const bool is_there = route != nullptr && route->is_forwarded() &&
                              route->service == request.match.route->service;
        if (!is_there && judged == wire::Method::Put) continue;  // nobody may PUT there
        if (!is_there) return fail(Kind::Denied, "route.destination");
        if (route != request.match.route) request.guards.add(route);
        find_guards(judged, request.destination.path, route, request);
    }
    return {};
}

// Of a preflight: what may be read.
bool RequestPath::is_for_any_origin(const Request& request) {
    const Route* route = request.match.route;
    if (route == nullptr) {
        route = find(wire::Method::Get, request).route;
    }
    return route != nullptr && route->declared != nullptr &&
           route->declared->readers == api::Readers::AnyOrigin;
}

namespace {

// Whether `origin` is scheme://authority as browsers send it: without the scheme's own port.
bool is_origin(std::string_view origin, std::string_view scheme, std::string_view authority) {
    const std::string_view port = scheme == "https" ? ":443" : ":80";
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    return !authority.empty() && origin.size() == scheme.size() + 3 + authority.size() &&
           origin.starts_with(scheme) && origin.substr(scheme.size()).starts_with("://") &&
           text::equals_ignoring_case(origin.substr(scheme.size() + 3), authority);
}

// Whether a page of this very server sent the request: of public_url, or of the host that the
// request names. That host is believed where no public_url says better, and where a route names it:
// a stranger's name that leads here (DNS rebinding) is neither.
bool is_own_origin(const http::Exchange& exchange, const Request& request,
                   std::string_view origin) {
    const Snapshot& snapshot = *request.snapshot;
    if (!snapshot.own_origin.empty() && origin == snapshot.own_origin) return true;
    const bool is_named =
        snapshot.routes.have_hosts() && snapshot.routes.names(request.buffers->host);
    if (!snapshot.own_origin.empty() && !is_named) return false;
    return is_origin(origin, request.scheme, exchange.admitted().host) ||
           is_origin(origin, request.scheme, request.forwarded_host);
}

}  // namespace

Result<> RequestPath::check_origin(const http::Exchange& exchange, Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    http::FieldLines& fields = request.buffers->response_fields;
    if (!snapshot.cors.origins.empty()) fields.add_lines(vary_by_origin);
    const Field* origin = exchange.head().find(FieldId::Origin);
    const bool is_own = origin != nullptr && is_own_origin(exchange, request, origin->value);
    if (origin != nullptr && is_listed(snapshot.cors, origin->value)) {
        add_origin_fields(snapshot.cors, cors_texts_of(exchange, request), origin->value, fields);
    } else if (is_for_any_origin(request)) {
        // Also without an Origin: a cache may give the response to a browser that sends one.
        add_any_origin_fields(fields);
    } else if (origin != nullptr && !is_own) {
        return fail(Kind::Denied, "cors.origin");
    }
    if (origin == nullptr || is_own) return {};
    request.is_preflight = exchange.head().method == wire::Method::Options &&
                           exchange.head().find(FieldId::AccessControlRequestMethod) != nullptr;
    return {};
}

Task<int> RequestPath::send_preflight(http::Exchange& exchange, Request& request) {
    add_preflight_fields(request.snapshot->cors, cors_texts_of(exchange, request),
                         request.buffers->response_fields);
    MERLON_CO_TRY(co_await exchange.send(204, request.buffers->response_fields, {}));
    co_return 204;
}

}  // namespace merlon::gateway
