// The stages of the request path.
#include "gateway/request_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/bearer_token.h"
#include "api/body_gate.h"
#include "api/local_call.h"
#include "api/refusal.h"
#include "base/text.h"
#include "base/uuid.h"
#include "gateway/limits/local_limits.h"
#include "gateway/limits/redis_limits.h"
#include "gateway/snapshot/cors.h"
#include "wire/trace.h"

namespace merlon::gateway {

using wire::Field;
using wire::FieldId;

namespace {

std::unique_ptr<LimitStore> make_limit_store(const Shared& shared, net::Deadlines& deadlines,
                                             Executor executor) {
    if (shared.redis == nullptr) {
        return std::make_unique<LocalLimits>(shared.limits, shared.clock);
    }
    return std::make_unique<RedisLimits>(shared.limits, shared.clock, shared.entropy, *shared.redis,
                                         deadlines, executor);
}

}  // namespace

RequestPath::RequestPath(Shared shared, net::Deadlines& deadlines, Executor executor,
                         std::shared_ptr<const Snapshot> snapshot)
    : shared_(shared),
      deadlines_(deadlines),
      executor_(executor),
      limit_store_(make_limit_store(shared, deadlines, executor)),
      limit_gate_(shared.limits, *limit_store_, shared.clock, shared.metrics, executor),
      token_gate_(shared.revocations, shared.metrics),
      entropy_(shared.entropy),
      access_log_(deadlines, shared.access_lines),
      every_second_(deadlines, [this] {
          open_streams_.close_expired(shared_.clock.wall());
          close_revoked_streams();
          for (auto& upstream : active_->upstreams) upstream->prune();
      }) {
    replace(std::move(snapshot));
}

RequestPath::~RequestPath() = default;

void RequestPath::replace(std::shared_ptr<const Snapshot> snapshot) {
    if (active_) active_->checkers.clear();
    active_ = std::make_shared<Active>(shared_.metrics);
    keys_seen_ = 0;
    active_->snapshot = std::move(snapshot);
    if (const auto& identity = active_->snapshot->identity) {
        active_->assertions.emplace(identity->id, identity->key);
    }
    limit_gate_.announce(active_->snapshot->limits);
    for (const Service& service : active_->snapshot->services) {
        auto upstream = std::make_unique<upstream::Upstream>(service.name, service.targets,
                                                             deadlines_, shared_.metrics);
        active_->checkers.push_back(std::make_unique<upstream::HealthChecker>(
            *upstream, service.health, executor_, deadlines_, entropy_));
        active_->upstreams.push_back(std::move(upstream));
    }
}

Task<> RequestPath::serve(http::Exchange& exchange) {
    const BorrowedTexts texts(active_);
    Request request;
    request.texts = texts.get();
    request.active = active_;
    request.snapshot = active_->snapshot.get();
    request.came = shared_.clock.wall();
    request.began = shared_.clock.steady();
    auto status = co_await answer(exchange, request);
    if (!status && !exchange.has_begun()) {
        status = co_await refuse_with(exchange, request, std::move(status).error());
    }
    // An answer that broke off counts like a failure, not like a success.
    limit_gate_.settle(request.limits, status.value_or(500));
    record(exchange, request, status.value_or(499));
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return Result<>{};
}

Task<int> RequestPath::answer(http::Exchange& exchange, Request& request) {
    identify(exchange, request);
    const Result<> found = find_route(exchange, request);
    if (!found && found.error().rule.starts_with("path.")) co_return std::unexpected(found.error());

    MERLON_CO_TRY(check_origin(exchange, request));
    if (request.is_preflight) {
        add_preflight_fields(request.snapshot->cors, request.texts->fields);
        MERLON_CO_TRY(co_await exchange.send(204, request.texts->fields, {}));
        co_return 204;
    }

    // Before authentication, so that a stranger pays the cheap stage first; before 404 and 405, so
    // that who probes for paths is counted.
    const Route* route = request.match.route;
    const bool counts_as_service = route != nullptr ? route->is_limited : !found;
    const Result<> admitted =
        co_await limit_gate_.admit(request.snapshot->limits, request.target.path, counts_as_service,
                                   counted_client(request.client, request.snapshot->ipv6_prefix),
                                   request.began, request.limits);
    LimitGate::add_fields(request.limits, request.texts->fields);
    MERLON_CO_TRY(Result<>(admitted));
    MERLON_CO_TRY(Result<>(found));
    if (route == nullptr) {  // OPTIONS of a known path
        request.texts->fields.add("Allow", api::allow_text(request.match.methods));
        MERLON_CO_TRY(co_await exchange.send(204, request.texts->fields, {}));
        co_return 204;
    }

    const access::Subject* subject = nullptr;
    if (route->rule.needs_subject()) {
        subject = MERLON_CO_TRY(token_gate_.admit(exchange.head(), request));
        request.is_authenticated = true;
    }
    access::Pass pass = MERLON_CO_TRY(access::Policy::authorize(subject, route->rule));

    if (!route->fixed_body.empty()) {
        request.texts->fields.add("Content-Type", "application/json; charset=utf-8");
        MERLON_CO_TRY(co_await exchange.send(200, request.texts->fields, route->fixed_body));
        co_return 200;
    }
    exchange.limit_body(route->body_bytes_max);
    if (exchange.admitted().body.length > route->body_bytes_max) {
        co_return fail(Kind::Invalid, "body.too_large");
    }
    // A trusted issuer vouches for its users, never for ours.
    if (route->is_built_in && subject != nullptr && request.token->origin != tokens::Origin::Own) {
        co_return fail(Kind::Unknown, "token.issuer", "a foreign token at a built-in role");
    }
    if (route->local != nullptr) co_return co_await call_local(exchange, request);
    if (route->schema && api::has_judged_body(exchange.head().method)) {
        request.body = MERLON_CO_TRY(
            co_await api::take_judged_body(&exchange, route->schema.get(), route->body_bytes_max));
    }
    const Service& service = request.snapshot->services[route->service];
    request.forwarded_to = service.name;
    if (service.identity && subject != nullptr) {
        request.assertion = MERLON_CO_TRY(assert_caller(exchange.head(), request, service));
    }
    co_return co_await forward(
        exchange, std::move(pass),
        {*request.active->upstreams[route->service], open_streams_, shared_.clock,
         request.token.get(), request.target, request.texts->request_id, request.texts->traceparent,
         request.client, request.scheme, request.texts->fields, request.texts->forwarding,
         route->timeout, request.snapshot->timeouts.body, request.snapshot->timeouts.idle,
         request.body ? &*request.body : nullptr, route->allows_websocket, request.assertion.text(),
         service.revokes_tokens ? &shared_.revocations : nullptr});
}

// For whom we ask, so that the service need not ask anybody.
Result<tokens::KeptAssertion> RequestPath::assert_caller(const wire::RequestHead& head,
                                                         const Request& request,
                                                         const Service& service) {
    // Config has seen to it that who calls a service by its identity has one.
    MERLON_ASSERT(request.active->assertions.has_value());
    return request.active->assertions->issue(*request.token, api::bearer_token(head),
                                             *service.identity, request.came);
}

// Who asks, and what the request is called from here on.
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
        if (field.id == FieldId::Authorization) request.active->cache.expect(field.value);
        if (field.id == FieldId::XForwardedFor) {
            if (!forwarded_for.empty()) forwarded_for += ',';
            forwarded_for += field.value;
        }
    }
    request.client = snapshot.trusted_proxies.client_of(peer, forwarded_for);
    const bool is_proxied = snapshot.trusted_proxies.contains(peer);
    const bool is_https = exchange.peer().is_tls || (is_proxied && received_scheme == "https");
    request.scheme = is_https ? "https" : "http";
    const bool takes_id = is_proxied && wire::is_request_id(received_id);
    request.texts->request_id =
        takes_id ? received_id : Uuid::make_v7(request.came, entropy_).text();
    wire::next_traceparent(received_trace, entropy_, request.texts->traceparent);
    request.texts->fields.add_lines(snapshot.security_fields.text());
    request.texts->fields.add("X-Request-ID", request.texts->request_id);
}

// Errors: "path.…", "route.unknown", "route.method". OPTIONS of a known path has no route and is
// none.
Result<> RequestPath::find_route(const http::Exchange& exchange, Request& request) {
    request.target = MERLON_TRY(wire::canonicalize(exchange.head().target, request.texts->path));
    request.match = request.snapshot->routes.find(exchange.head().method, request.target.path);
    if (request.match.methods == 0) return fail(Kind::Absent, "route.unknown");
    const bool is_options = exchange.head().method == wire::Method::Options;
    if (request.match.route == nullptr && !is_options) return fail(Kind::Invalid, "route.method");
    return {};
}

Result<> RequestPath::check_origin(const http::Exchange& exchange, Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    if (!snapshot.cors.origins.empty()) request.texts->fields.add("Vary", "Origin");
    const Field* origin = exchange.head().find(FieldId::Origin);
    if (origin == nullptr || origin->value == snapshot.own_origin) return {};
    if (std::ranges::find(snapshot.cors.origins, origin->value) == snapshot.cors.origins.end()) {
        return fail(Kind::Denied, "cors.origin");
    }
    add_origin_fields(snapshot.cors, origin->value, request.texts->fields);
    request.is_preflight = exchange.head().method == wire::Method::Options &&
                           exchange.head().find(FieldId::AccessControlRequestMethod) != nullptr;
    return {};
}

// Who streams or tunnels does not come back to be asked: looked for once a second, when there is
// something new to look for.
void RequestPath::close_revoked_streams() {
    const std::uint64_t revocations = shared_.revocations.generation();
    const std::uint64_t keys = active_->snapshot->verifier->generation();
    if (revocations_seen_ == revocations && keys_seen_ == keys) return;
    revocations_seen_ = revocations;
    keys_seen_ = keys;
    open_streams_.close_revoked([this](const tokens::AccessToken& token) {
        return shared_.revocations.is_revoked(token) ||
               active_->snapshot->verifier->has_lost_its_key(token, shared_.clock.wall());
    });
}

// A built-in role, without a socket.
Task<int> RequestPath::call_local(http::Exchange& exchange, Request& request) {
    const Route& route = *request.match.route;
    api::LocalCall call = api::make_local_call(exchange.head(), route.pattern, request.target);
    call.client = request.client;
    if (route.rule.needs_subject()) {
        call.user_id = request.token->subject.user_id;
        call.session_id = request.token->session_id;
        call.role = request.token->subject.role;
        if (route.token == api::TokenText::Shown) {
            call.access_token = api::bearer_token(exchange.head());
        }
    }
    call.body = route.schema ? MERLON_CO_TRY(co_await api::take_judged_body(
                                   &exchange, route.schema.get(), route.body_bytes_max))
                             : MERLON_CO_TRY(co_await api::take_json_body(&exchange));
    http::Response response = MERLON_CO_TRY(co_await route.local->call(std::move(call)));
    request.texts->fields.add_lines(response.fields.text());
    MERLON_CO_TRY(co_await exchange.send(response.status, request.texts->fields, response.body));
    co_return response.status;
}

Task<int> RequestPath::refuse_with(http::Exchange& exchange, Request& request, Error error) {
    if (const auto type = api::event_of(error)) {
        shared_.refusals.report(
            {*type, request.client, request.route_name(),
             request.token ? request.token->subject.user_id : std::string_view(),
             request.match.route != nullptr ? request.match.route->route_class
                                            : events::RouteClass::Ordinary});
    }
    const http::Response refusal = api::refusal_of(error, exchange.head().find(FieldId::Accept));
    http::FieldLines& fields = request.texts->fields;
    if (refusal.status == 405) fields.add("Allow", api::allow_text(request.match.methods));
    fields.add_lines(refusal.fields.text());
    MERLON_CO_TRY(co_await exchange.send(refusal.status, fields, refusal.body));
    co_return refusal.status;
}

http::Response RequestPath::refuse(const http::Peer& peer, const Error& error) {
    http::Response response = api::refusal_of(error, nullptr);
    const WallTime now = shared_.clock.wall();
    const std::string request_id = Uuid::make_v7(now, entropy_).str();
    response.fields.add_lines(active_->snapshot->security_fields.text());
    response.fields.add("X-Request-ID", request_id);
    if (is_logged(active_->snapshot->access_log, response.status)) {
        access_log_.add({.came = now,
                         .request_id = request_id,
                         .route = Request::no_route,
                         .status = response.status,
                         .ip = peer.address});
    }
    return response;
}

void RequestPath::record(const http::Exchange& exchange, const Request& request, int status) {
    const wire::Method method = exchange.head().method;
    const auto duration = shared_.clock.steady() - request.began;
    request.active->durations.of(method, request.route_name(), status).observe(duration);
    if (!is_logged(request.snapshot->access_log, status)) return;
    access_log_.add({.came = request.came,
                     .request_id = request.texts->request_id,
                     .trace_id = wire::trace_id_of(request.texts->traceparent),
                     .method = method,
                     .route = request.route_name(),
                     .status = status,
                     .duration = duration,
                     .bytes_in = exchange.body_bytes_read(),
                     .bytes_out = exchange.body_bytes_sent(),
                     .ip = request.client,
                     .user_id = request.is_authenticated
                                    ? std::string_view(request.token->subject.user_id)
                                    : std::string_view(),
                     .upstream = request.forwarded_to});
}

}  // namespace merlon::gateway
