// Serves one request, from its head to its record in the metrics and the access log.
#include "gateway/request_path.h"

#include <algorithm>

#include "api/error_response.h"
#include "base/uuid.h"
#include "gateway/limits/local_limits.h"
#include "gateway/limits/redis_limits.h"
#include "wire/trace.h"

namespace merlon::gateway {

using wire::FieldId;

namespace {

std::unique_ptr<LimitStore> make_limit_store(const SharedResources& shared,
                                             net::Deadlines& deadlines, Executor executor) {
    if (shared.redis == nullptr) {
        return std::make_unique<LocalLimits>(shared.limits, shared.clock);
    }
    return std::make_unique<RedisLimits>(shared.limits, shared.clock, shared.entropy, *shared.redis,
                                         deadlines, executor);
}

// Null: there is none, or there are several.
const wire::Field* only_origin(const wire::RequestHead& head) {
    const auto is_origin = [](const wire::Field& field) { return field.id == FieldId::Origin; };
    return std::ranges::count_if(head.fields, is_origin) == 1 ? head.find(FieldId::Origin)
                                                              : nullptr;
}

}  // namespace

RequestPath::RequestPath(SharedResources shared, net::Deadlines& deadlines, Executor executor,
                         std::shared_ptr<const Snapshot> snapshot)
    : shared_(shared),
      deadlines_(deadlines),
      executor_(executor),
      limit_store_(make_limit_store(shared, deadlines, executor)),
      limit_gate_(shared.limits, *limit_store_, shared.clock, shared.metrics, executor),
      token_gate_(shared.revocations, shared.clock, shared.metrics),
      entropy_(shared.entropy),
      access_log_(deadlines, shared.access_lines),
      every_second_(deadlines, [this] {
          open_streams_.close_expired(shared_.clock.wall());
          close_revoked_streams();
          for (auto& upstream : state_->upstreams) upstream->prune();
      }) {
    replace(std::move(snapshot));
}

RequestPath::~RequestPath() = default;

void RequestPath::replace(std::shared_ptr<const Snapshot> snapshot) {
    if (state_) state_->checkers.clear();
    state_ = std::make_shared<SnapshotState>(shared_.metrics);
    keys_seen_ = 0;
    state_->snapshot = std::move(snapshot);
    if (const auto& identity = state_->snapshot->identity) {
        state_->assertions.emplace(identity->id, identity->key);
    }
    limit_gate_.create_counters(state_->snapshot->limits);
    for (const Service& service : state_->snapshot->services) {
        auto upstream = std::make_unique<upstream::Upstream>(
            service.name, service.targets, service.pool,
            upstream::UpstreamContext{executor_, deadlines_, shared_.clock, shared_.resolver,
                                      entropy_, shared_.metrics});
        state_->checkers.push_back(std::make_unique<upstream::HealthChecker>(
            *upstream, service.health, executor_, deadlines_, entropy_));
        state_->upstreams.push_back(std::move(upstream));
    }
}

void RequestPath::begin(RequestBuffers* buffers, Request& request) {
    request.buffers = buffers;
    request.state = state_;
    request.snapshot = state_->snapshot.get();
    request.received_at = shared_.clock.wall();
    request.began = shared_.clock.steady();
}

Task<> RequestPath::serve(http::Exchange& exchange) {
    const BorrowedBuffers buffers(state_);
    Request request;
    begin(buffers.get(), request);
    auto status = co_await respond(exchange, request);
    // To a client that has gone there is nothing to say.
    const bool has_client = status || status.error().rule != http::client_left_rule;
    if (!status && has_client && !exchange.has_begun()) {
        status = co_await refuse_with(exchange, request, std::move(status).error());
    }
    // A response that broke off counts like a failure, not like a success.
    limit_gate_.settle(request.limits, status.value_or(500));
    record(exchange, request, status.value_or(499));
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return Result<>{};
}

Task<int> RequestPath::respond(http::Exchange& exchange, Request& request) {
    identify(exchange, request);
    const Result<Lookup> found = find_route(exchange, request);
    add_first_fields(request);
    if (request.is_built_in()) exchange.keep_body_secret();
    // Before a refusal of the path, so that a listed page's script can read it.
    const Result<> origin = check_origin(exchange, request);
    const Lookup lookup = MERLON_CO_TRY(Result<Lookup>(found));
    MERLON_CO_TRY(Result<>(origin));
    // HAProxy's probes ask for /health in HTTP/1.0. Nothing else is asked for without a host.
    const bool is_fixed = lookup == Lookup::Route && !request.match.route->fixed_body.empty();
    if (exchange.admitted().host.empty() && !is_fixed) {
        co_return fail(Kind::Invalid, wire::missing_host_rule);
    }
    if (request.is_preflight) co_return co_await send_preflight(exchange, request);

    // Before authentication, so that a stranger pays the cheap stage first; before 404 and 405, so
    // that probing for paths counts.
    const Result<> admitted = co_await count(lookup, request);
    LimitGate::add_fields(request.limits, request.buffers->response_fields);
    MERLON_CO_TRY(Result<>(admitted));
    MERLON_CO_TRY(require_route(lookup));
    if (lookup == Lookup::Options) co_return co_await send_allowed_methods(exchange, request);

    MERLON_CO_TRY(guard_destination(exchange, request));
    MERLON_CO_TRY(co_await authenticate(exchange, request));
    const access::Pass pass = MERLON_CO_TRY(authorize(request));
    const Route& route = *request.match.route;
    if (!route.fixed_body.empty()) co_return co_await send_fixed_body(exchange, request);
    MERLON_CO_TRY(limit_body(exchange, request));
    if (route.local != nullptr) co_return co_await call_role(exchange, pass, request);
    if (request.any_route([](const Route& one) { return one.schema != nullptr; })) {
        MERLON_CO_TRY(co_await validate_body(&exchange, &request));
    }
    const Service& service = request.snapshot->services[route.service];
    MERLON_CO_TRY(assert_caller(exchange.head(), service, request));
    co_return co_await forward(exchange, pass, forwarding(service, request));
}

// A stream or a tunnel sends no second request that would be checked: so once a second, when there
// are new revocations or keys, all of them are checked.
void RequestPath::close_revoked_streams() {
    const std::uint64_t revocations = shared_.revocations.generation();
    const std::uint64_t keys = state_->snapshot->verifier->generation();
    if (revocations_seen_ == revocations && keys_seen_ == keys) return;
    revocations_seen_ = revocations;
    keys_seen_ = keys;
    open_streams_.close_revoked([this](const tokens::AccessToken& token) {
        return shared_.revocations.is_revoked(token) ||
               state_->snapshot->verifier->has_lost_its_key(token, shared_.clock.wall());
    });
}

Task<int> RequestPath::refuse_with(http::Exchange& exchange, Request& request, Error error) {
    if (const auto type = api::security_event_of(error)) {
        const Route* route = request.refusing_route();
        shared_.refusals.report(
            {*type, request.client, route != nullptr ? route->pattern : Request::no_route,
             request.token ? request.token->subject.user_id : std::string_view(),
             route != nullptr ? route->route_class : events::RouteClass::Ordinary});
    }
    const http::Response refusal =
        api::error_response(error, exchange.head().find(FieldId::Accept));
    http::FieldLines& fields = request.buffers->response_fields;
    if (refusal.status == 405) fields.add("Allow", api::allow_text(request.match.methods));
    fields.add_lines(refusal.fields.text());
    MERLON_CO_TRY(co_await exchange.send(refusal.status, fields, refusal.body));
    co_return refusal.status;
}

// Of the fields that were read, a listed Origin lets the page's script read the refusal, as it
// reads any other. Of a head that has no end within its limit nothing was read, and nobody is let
// in: it may stand behind the limit. Two Origins are nobody's.
http::Response RequestPath::refuse(const http::Peer& peer, const wire::RequestHead* head,
                                   const Error& error) {
    const Snapshot& snapshot = *state_->snapshot;
    http::Response response =
        api::error_response(error, head != nullptr ? head->find(FieldId::Accept) : nullptr);
    const WallTime now = shared_.clock.wall();
    const std::string request_id = Uuid::make_v7(now, entropy_).str();
    response.fields.add_lines(snapshot.response_rules.front().lines());
    response.fields.add("X-Request-ID", request_id);
    if (!snapshot.cors.origins.empty()) response.fields.add_lines(vary_by_origin);
    if (const wire::Field* origin = head != nullptr ? only_origin(*head) : nullptr;
        origin != nullptr && is_listed(snapshot.cors, origin->value)) {
        add_origin_fields(snapshot.cors, snapshot.cors_texts, origin->value, response.fields);
    }
    if (is_logged(snapshot.access_log, response.status)) {
        access_log_.add({.received_at = now,
                         .request_id = request_id,
                         .route = Request::no_route,
                         .status = response.status,
                         .ip = peer.address});
    }
    return response;
}

bool RequestPath::is_shared(const http::Peer& peer) const {
    return state_->snapshot->trusted_proxies.contains(peer.address);
}

void RequestPath::record(const http::Exchange& exchange, const Request& request, int status) {
    const wire::Method method = exchange.head().method;
    const auto duration = shared_.clock.steady() - request.began;
    request.state->durations.of(method, request.route_name(), status).observe(duration);
    if (!is_logged(request.snapshot->access_log, status)) return;
    access_log_.add({.received_at = request.received_at,
                     .request_id = request.buffers->request_id,
                     .trace_id = wire::trace_id_of(request.buffers->traceparent),
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
