// Forwards an admitted, authorized request to an upstream, and its response to the client.
#pragma once

#include <span>
#include <string>

#include "access/access.h"
#include "base/clock.h"
#include "gateway/proxy/open_streams.h"
#include "gateway/snapshot/relay_rules.h"
#include "http/exchange.h"
#include "tokens/revocations.h"
#include "upstream/upstream.h"
#include "wire/path.h"

namespace merlon::gateway {

// Buffers for the heads of one forwarded exchange; their owner reuses them for the next.
struct ForwardingBuffers {
    std::string request_head;
    http::FieldLines response_fields;
};

// What forward() needs to know beside the request. Borrows all of it.
struct Forwarding {
    upstream::Upstream& upstream;
    OpenStreams& open_streams;
    const Clock& clock;
    const tokens::AccessToken* token;  // the caller's; null on an open route
    const wire::Target& target;
    std::string_view request_id;
    std::string_view traceparent;
    std::string_view client_address;
    std::string_view counted_client;  // by which its share of what is open is counted
    std::string_view scheme;          // the client's
    std::string_view port;            // that the client spoke to
    // Field lines that every response of ours carries: security, CORS, limits, request id.
    const http::FieldLines& response_fields;
    const RelayRules& relay;
    const ResponseRules& response_rules;  // response_fields begins with its lines
    ForwardingBuffers& buffers;
    std::chrono::milliseconds timeout;
    std::chrono::milliseconds body_timeout;
    std::chrono::milliseconds stream_idle;  // of event streams and tunnels
    // A body that was read already, to be validated; used instead of the exchange's.
    const Secret* body = nullptr;
    bool allows_websocket = false;
    std::string_view assertion = {};                 // empty: X-User-… fields alone
    std::span<const std::string> named_fields = {};  // those of a proxy that pass
    std::string_view destination = {};  // canonical path of the request's Destination; empty: none
    // Set for a role in another process that revokes tokens: those that its response names are
    // revoked here before the client gets the response.
    tokens::Revocations* revocations = nullptr;
};

// A request is sent a second time only where that cannot do it twice: nothing of it had left, or
// its method is idempotent and the connection was closed without a byte of a response. The second
// time goes to another target where a new connection was closed.
//
// The response is relayed as soon as it begins, also while the client is still sending its body;
// when it ends first, the rest of the body is not forwarded.

// `pass` proves that the policy allowed it. Gives the status of the response. Errors, before
// anything of it was sent: "upstream.unavailable", "upstream.timeout", "upstream.broken",
// "upstream.framing", those of Places::enter, and those of the request's own body; after that the
// connection is lost: "stream.…". http::client_left_rule: nobody is there to be told.
Task<int> forward(http::Exchange& exchange, access::Pass pass, Forwarding to);

}  // namespace merlon::gateway
