// The stages that RequestPath::respond() names once the route is known, in the same order.
#include "api/bearer_token.h"
#include "api/body_gate.h"
#include "api/local_call.h"
#include "gateway/request_path.h"
#include "net/counted_client.h"

#include <algorithm>

namespace merlon::gateway {

Task<> RequestPath::count(Lookup lookup, Request& request) {
    CountedAs counted_as = CountedAs::Path;
    if (request.match.route != nullptr) {
        const bool is_limited =
            request.any_route([](const Route& route) { return route.is_limited; });
        if (is_limited) counted_as = CountedAs::Service;
    } else if (lookup != Lookup::Options) {
        counted_as = CountedAs::Unknown;
    }
    return limit_gate_.admit(
        request.snapshot->limits, {request.target.path, request.folded_path, request.buffers->host},
        counted_as, net::counted_client(request.client, request.snapshot->ipv6_prefix),
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
            .port = request.port,
            .response_fields = buffers.response_fields,
            .relay = service.relay,
            .response_rules = *route.response_rules,
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
            .destination = request.destination.path,
            .revocations = service.revokes_tokens ? &shared_.revocations : nullptr};
}

}  // namespace merlon::gateway
