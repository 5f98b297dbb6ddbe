// The reverse proxy: picks a connection, and decides whether to retry.
#include "gateway/proxy/proxy.h"

#include "gateway/proxy/attempt.h"
#include "gateway/proxy/proxy_fields.h"

namespace merlon::gateway {
namespace {

// RFC 9110 section 9.2.2.
bool is_idempotent(wire::Method method) {
    return method != wire::Method::Post && method != wire::Method::Patch;
}

}  // namespace

Task<int> forward(http::Exchange& exchange, access::Pass pass, Forwarding to) {
    OpenStreams::Entry entry(to.open_streams, to.token, exchange.stream());
    // A body that is received already is sent with the head, and can be sent again.
    std::string_view body;
    if (to.body != nullptr) {
        body = to.body->reveal();
    } else if (!exchange.body_is_done() && exchange.body_is_received()) {
        body = MERLON_CO_TRY(co_await exchange.read_body());
    }
    const bool has_whole_body = exchange.body_is_done();
    std::optional<upstream::Upstream::Lease> kept = to.upstream.reuse();
    while (true) {
        const bool is_first = kept.has_value();
        upstream::Upstream::Lease lease = kept ? *std::exchange(kept, std::nullopt)
                                               : MERLON_CO_TRY(co_await to.upstream.connect());
        Attempt attempt(exchange, lease.connection(), to, entry);
        make_request_head(exchange, pass.subject(), to, lease.connection().authority(),
                          to.buffers.request_head);
        auto status = co_await attempt.run(to.buffers.request_head, body);
        if (status) {
            if (attempt.is_complete()) lease.give_back();
            co_return status;
        }
        const Error& error = status.error();
        // A kept connection that was closed says nothing about its target's health.
        const bool was_stale = lease.is_reused() && error.rule == http::upstream_closed_rule;
        if (http::is_upstream_failure(error) && !was_stale) lease.blame();
        // A pooled connection may have been closed while idle: retry on a new one, unless the
        // upstream may have begun something that must not be done twice.
        const bool is_harmless =
            attempt.sent_nothing() || (has_whole_body && is_idempotent(exchange.head().method));
        const bool may_repeat =
            error.rule == http::upstream_closed_rule && !exchange.has_begun() && is_harmless;
        if (!is_first || !may_repeat) co_return status;
    }
}

}  // namespace merlon::gateway
