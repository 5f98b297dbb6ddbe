// The stages of the request path that RequestPath::respond() names, in the same order.
#include "api/bearer_token.h"
#include "api/body_gate.h"
#include "api/local_call.h"
#include "base/uuid.h"
#include "gateway/request_path.h"
#include "gateway/snapshot/cors.h"
#include "net/counted_client.h"
#include "wire/trace.h"

#include <algorithm>

namespace merlon::gateway {

using wire::Field;
using wire::FieldId;

// The client's address and scheme, and the identifiers of the request from here on.
void RequestPath::identify(const http::Exchange& exchange, Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    const std::string& peer = exchange.peer().address;
    std::string_view received_id;
    std::string_view received_trace;
    std::string_view received_scheme;
    std::string forwarded_for;
    for (const Field& field : exchange.head().fields) {
        if (field.id == FieldId::XRequestId) received_id = field.value;
        if (field.id == FieldId::Traceparent) received_trace = field.value;
        if (field.id == FieldId::XForwardedProto) received_scheme = field.value;
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
    const bool takes_id = is_proxied && wire::is_request_id(received_id);
    request.buffers->request_id =
        takes_id ? received_id : Uuid::make_v7(request.received_at, entropy_).text();
    wire::next_traceparent(received_trace, entropy_, request.buffers->traceparent);
    request.buffers->response_fields.add_lines(snapshot.security_fields.text());
    request.buffers->response_fields.add("X-Request-ID", request.buffers->request_id);
}

namespace {

// Where the service may read the path as another route's, that one's rules hold, too. The usual
// path is in folded form, and pays for no look-up.
void find_guards(wire::Method method, Request& request) {
    const Route* route = request.match.route;
    if (route->spelling == PathSpelling::Exact) return;
    const Snapshot& snapshot = *request.snapshot;
    const std::string_view path = request.target.path;
    const bool is_folded = wire::is_folded(path);
    if (!is_folded || snapshot.spellings.have_unfolded_patterns()) {
        request.guards = snapshot.spellings.find(method, path, route);
    }
    if (!is_folded || snapshot.has_unfolded_limits) {
        request.folded_path = wire::fold(path, wire::Folding::Both);
    }
}

// The lists of the service that gets the request, or that gets the one a preflight is about.
const CorsTexts& cors_texts_of(const http::Exchange& exchange, const Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    const Route* route = request.match.route;
    if (const Field* asked = exchange.head().find(FieldId::AccessControlRequestMethod)) {
        const auto method = wire::find_method(asked->value);
        if (method) route = snapshot.routes.find(*method, request.target.path).route;
    }
    const bool is_of_service = route != nullptr && route->is_forwarded();
    return is_of_service ? snapshot.services[route->service].cors : snapshot.cors_texts;
}

}  // namespace

// Errors: those of wire::canonicalize.
Result<RequestPath::Lookup> RequestPath::find_route(const http::Exchange& exchange,
                                                    Request& request) {
    request.target = MERLON_TRY(wire::canonicalize(exchange.head().target, request.buffers->path));
    request.match = request.snapshot->routes.find(exchange.head().method, request.target.path);
    if (request.match.methods == 0) return Lookup::UnknownPath;
    if (request.match.route != nullptr) {
        find_guards(exchange.head().method, request);
        return Lookup::Route;
    }
    const bool is_options = exchange.head().method == wire::Method::Options;
    return is_options ? Lookup::Options : Lookup::UnknownMethod;
}

// Of a preflight: what may be read.
bool RequestPath::is_for_any_origin(const Request& request) {
    const Route* route = request.match.route;
    if (route == nullptr) {
        route = request.snapshot->routes.find(wire::Method::Get, request.target.path).route;
    }
    return route != nullptr && route->declared != nullptr &&
           route->declared->readers == api::Readers::AnyOrigin;
}

Result<> RequestPath::check_origin(const http::Exchange& exchange, Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    http::FieldLines& fields = request.buffers->response_fields;
    if (!snapshot.cors.origins.empty()) fields.add_lines(vary_by_origin);
    const Field* origin = exchange.head().find(FieldId::Origin);
    if (origin != nullptr && is_listed(snapshot.cors, origin->value)) {
        add_origin_fields(snapshot.cors, cors_texts_of(exchange, request), origin->value, fields);
    } else if (is_for_any_origin(request)) {
        // Also without an Origin: a cache may give the response to a browser that sends one.
        add_any_origin_fields(fields);
    } else if (origin != nullptr && origin->value != snapshot.own_origin) {
        return fail(Kind::Denied, "cors.origin");
    }
    if (origin == nullptr || origin->value == snapshot.own_origin) return {};
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

Task<> RequestPath::count(Lookup lookup, Request& request) {
    CountedAs counted_as = CountedAs::Path;
    if (request.match.route != nullptr) {
        const bool is_limited =
            request.any_route([](const Route& route) { return route.is_limited; });
        if (is_limited) counted_as = CountedAs::Service;
    } else if (lookup != Lookup::Options) {
        counted_as = CountedAs::Unknown;
    }
    return limit_gate_.admit(request.snapshot->limits, {request.target.path, request.folded_path},
                             counted_as,
                             net::counted_client(request.client, request.snapshot->ipv6_prefix),
                             request.began, request.limits);
}

Result<> RequestPath::require_route(Lookup lookup) {
    if (lookup == Lookup::UnknownPath) return fail(Kind::Absent, "route.unknown");
    if (lookup == Lookup::UnknownMethod) return fail(Kind::Invalid, "route.method");
    return {};
}

Task<int> RequestPath::send_allowed_methods(http::Exchange& exchange, Request& request) {
    request.buffers->response_fields.add("Allow", api::allow_text(request.match.methods));
    MERLON_CO_TRY(co_await exchange.send(204, request.buffers->response_fields, {}));
    co_return 204;
}

namespace {

bool needs_subject(const Request& request) {
    return request.any_route([](const Route& route) { return route.rule.needs_subject(); });
}

// Whether the role serves a request without a good token, too.
bool is_token_optional(const Route& route) {
    return route.declared != nullptr && route.declared->access == api::LocalAccess::Optional;
}

// A trusted issuer vouches for its users, never for ours. Error: "token.issuer" (Unknown).
Result<> require_own_token(const Request& request) {
    if (request.token->origin == tokens::Origin::Own) return {};
    return fail(Kind::Unknown, "token.issuer", "a foreign token at a built-in role");
}

}  // namespace

// Where a rule of the route or of its guards needs a subject. Errors: those of TokenGate::admit.
Task<> RequestPath::authenticate(const http::Exchange& exchange, Request& request) {
    if (is_token_optional(*request.match.route))
        return authenticate_optionally(&exchange, &request);
    if (!needs_subject(request)) return Result<>{};
    return token_gate_.admit(exchange.head(), request);
}

// Without a valid token of ours the request goes on unauthenticated, and the role gets the reason.
// A token that cannot be verified now may be valid: that fails the request. Error: an Unavailable
// one of TokenGate::admit.
Task<> RequestPath::authenticate_optionally(const http::Exchange* exchange, Request* request) {
    Result<> admitted = co_await token_gate_.admit(exchange->head(), *request);
    if (admitted) admitted = require_own_token(*request);
    request->is_authenticated = admitted.has_value();
    if (admitted || admitted.error().kind == Kind::Unavailable) co_return admitted;
    request->token.reset();
    request->refused_token = std::move(admitted).error();
    co_return Result<>{};
}

// Has the policy decide by the rules of the guards and of the route. Errors: those of
// Policy::authorize, "token.issuer" (Unknown).
Result<access::Pass> RequestPath::authorize(Request& request) {
    const Route& route = *request.match.route;
    if (!is_token_optional(route)) request.is_authenticated = needs_subject(request);
    const access::Subject* subject = request.is_authenticated ? &request.token->subject : nullptr;
    for (const Route* guard : request.guards.routes()) {
        MERLON_TRY(access::Policy::authorize(subject, guard->rule));
    }
    const access::Pass pass = MERLON_TRY(access::Policy::authorize(subject, route.rule));
    if (route.declared != nullptr && request.is_authenticated) {
        MERLON_TRY(require_own_token(request));
    }
    return pass;
}

Task<int> RequestPath::send_fixed_body(http::Exchange& exchange, Request& request) {
    request.buffers->response_fields.add("Content-Type", "application/json; charset=utf-8");
    MERLON_CO_TRY(co_await exchange.send(200, request.buffers->response_fields,
                                         request.match.route->fixed_body));
    co_return 200;
}

// Error: "body.too_large" (Invalid). A body without a length is cut where it passes the limit.
Result<> RequestPath::limit_body(http::Exchange& exchange, const Request& request) {
    std::uint64_t bytes_max = request.match.route->body_bytes_max;
    for (const Route* guard : request.guards.routes()) {
        bytes_max = std::min(bytes_max, guard->body_bytes_max);
    }
    exchange.limit_body(bytes_max);
    exchange.allow_upload_time(request.match.route->upload_time);
    if (exchange.admitted().body.length > bytes_max) {
        return fail(Kind::Invalid, "body.too_large");
    }
    return {};
}

// By the schemas of the route and of its guards, one after the other. A body of a method that needs
// none, such as DELETE, is judged where there is one. Borrows both. Errors: those of
// api::read_validated_body and JsonSchema::filter.
Task<> RequestPath::validate_body(http::Exchange* exchange, Request* request) {
    const Route& route = *request->match.route;
    const bool has_body = api::has_validated_body(exchange->head().method) ||
                          exchange->admitted().body.kind != wire::BodyKind::None;
    if (!has_body) co_return Result<>{};
    if (route.schema) {
        const api::BodyUse use =
            route.declared != nullptr ? route.declared->body : api::BodyUse::Required;
        request->body = MERLON_CO_TRY(co_await api::read_validated_body(
            exchange, route.schema.get(), route.body_bytes_max, use));
    }
    for (const Route* guard : request->guards.routes()) {
        if (!guard->schema) continue;
        const std::uint64_t bytes_max = guard->body_bytes_max;
        if (request->body) {
            request->body = Secret(MERLON_CO_TRY(
                guard->schema->filter(request->body->reveal(), {.bytes = bytes_max})));
        } else {
            request->body = MERLON_CO_TRY(co_await api::read_validated_body(
                exchange, guard->schema.get(), bytes_max, api::BodyUse::Required));
        }
    }
    co_return Result<>{};
}

// A built-in role, without a socket.
Task<int> RequestPath::call_role(http::Exchange& exchange, access::Pass pass, Request& request) {
    const Route& route = *request.match.route;
    api::LocalCall call = MERLON_CO_TRY(co_await api::read_local_call(
        &exchange, pass,
        {route.declared, route.schema.get(), request.target, request.token.get(), request.client,
         std::move(request.refused_token)}));
    http::Response response = MERLON_CO_TRY(co_await route.local->call(std::move(call)));
    request.buffers->response_fields.add_lines(response.fields.text());
    MERLON_CO_TRY(
        co_await exchange.send(response.status, request.buffers->response_fields, response.body));
    co_return response.status;
}

// Asserts the user to a service that we know by its certificate, which then need not verify the
// token at auth.
// Errors: those of AssertionIssuer::issue.
Result<> RequestPath::assert_caller(const wire::RequestHead& head, const Service& service,
                                    Request& request) {
    if (!service.identity || !request.is_authenticated) return {};
    // Config refuses a service with an identity where the gateway has none.
    MERLON_ASSERT(request.state->assertions.has_value());
    request.assertion = MERLON_TRY(request.state->assertions->issue(
        *request.token, api::bearer_token(head), *service.identity, request.received_at));
    return {};
}

// What forward() borrows from the request and from this worker.
Forwarding RequestPath::forwarding(const Service& service, Request& request) {
    request.forwarded_to = service.name;
    const Route& route = *request.match.route;
    RequestBuffers& buffers = *request.buffers;
    const bool all_allow_websocket =
        std::ranges::all_of(request.guards.routes(), &Route::allows_websocket);
    return {.upstream = *request.state->upstreams[route.service],
            .open_streams = open_streams_,
            .clock = shared_.clock,
            .token = request.token.get(),
            .target = request.target,
            .request_id = buffers.request_id,
            .traceparent = buffers.traceparent,
            .client_address = request.client,
            .counted_client = request.limits.client,
            .scheme = request.scheme,
            .response_fields = buffers.response_fields,
            .buffers = buffers.forwarding,
            .timeout = route.timeout,
            .body_timeout = request.snapshot->timeouts.body,
            .stream_idle = route.stream_idle,
            .body = request.body ? &*request.body : nullptr,
            .allows_websocket = route.allows_websocket && all_allow_websocket,
            .assertion = request.assertion.text(),
            .named_fields = request.takes_named_fields
                                ? std::span<const std::string>(service.forward_fields)
                                : std::span<const std::string>(),
            .revocations = service.revokes_tokens ? &shared_.revocations : nullptr};
}

}  // namespace merlon::gateway
