// The reverse proxy: picks a connection, and decides whether to retry.
#include "gateway/proxy/proxy.h"

#include "gateway/proxy/attempt.h"
#include "gateway/proxy/proxy_fields.h"

namespace merlon::gateway {
Task<int> forward(http::Exchange& exchange, access::Pass pass, Forwarding to) {
    upstream::Places::Place place = MERLON_CO_TRY(to.upstream.enter(to.counted_client));
    OpenStreams::Entry entry(to.open_streams, to.token, exchange);
    // A body that is received already is sent with the head, and can be sent again.
    std::string_view body;
    if (to.body != nullptr) {
        body = to.body->reveal();
    } else if (!exchange.body_is_done() && exchange.body_is_received()) {
        body = MERLON_CO_TRY(co_await exchange.read_body());
    }
    const bool has_whole_body = exchange.body_is_done();
    std::optional<upstream::Upstream::Lease> kept = to.upstream.reuse();
    std::optional<std::uint64_t> failed_target;
    bool is_repeat = false;
    while (true) {
        if (entry.client_has_left()) co_return fail(Kind::Unavailable, http::client_left_rule);
        upstream::Upstream::Lease lease =
            kept ? *std::exchange(kept, std::nullopt)
                 : MERLON_CO_TRY(co_await to.upstream.connect(&entry.abandonment(), failed_target));
        Attempt attempt(exchange, lease.connection(), to, entry, place);
        make_request_head(exchange, pass.subject(), to, lease.connection().authority(),
                          to.buffers.request_head);
        auto status = co_await attempt.run(to.buffers.request_head, body);
        if (status) {
            lease.note_status(*status);
            if (attempt.is_complete()) lease.give_back();
            co_return status;
        }
        const Error& error = status.error();
        // Who ended its side within the body may still read why that was no request.
        if (error.rule == http::client_gone_rule) co_return status;
        if (entry.client_has_left()) co_return fail(Kind::Unavailable, http::client_left_rule);
        const bool was_closed = error.rule == http::upstream_closed_rule;
        // A kept connection that was closed says nothing about its target's health: it may have
        // been closed while idle.
        const bool was_stale = was_closed && lease.is_reused();
        if (http::is_upstream_failure(error) && !was_stale) lease.blame();
        // Unless the upstream may have begun something that must not be done twice.
        const bool is_harmless = attempt.sent_nothing() ||
                                 (has_whole_body && wire::is_idempotent(exchange.head().method));
        if (!was_closed || exchange.has_begun() || !is_harmless) co_return status;
        // After a stale connection there is a new one; after that, another target, once.
        const bool has_next = was_stale || to.upstream.targets().size() > 1;
        if (!has_next || (!was_stale && std::exchange(is_repeat, true))) co_return status;
        if (!was_stale) failed_target = lease.target_number();
    }
}

}  // namespace merlon::gateway
