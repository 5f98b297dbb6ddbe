// Forwards an admitted, authorized request to an upstream and its answer to the client.
#pragma once

#include "access/access.h"
#include "gateway/upstream.h"
#include "http/exchange.h"
#include "wire/path.h"

namespace merlon::gateway {

// What forward() needs to know beside the request. Borrows all of it.
struct Forwarding {
    Upstream& upstream;
    const wire::Target& target;
    std::string_view request_id;
    std::string_view traceparent;
    std::string_view client_address;
    std::string_view scheme;  // the client's
    // Field lines that every answer of ours carries: security, CORS, limits, request id.
    const http::FieldLines& answer_fields;
    std::chrono::milliseconds timeout;
    std::chrono::milliseconds body_timeout;
    // A body that was read already, to be validated; used instead of the exchange's.
    const std::string* body = nullptr;
    bool allows_websocket = false;
};

// `pass` proves that the caller may. Gives the status that was answered. Errors, before anything
// was answered: "upstream.unavailable", "upstream.timeout", "upstream.broken", "upstream.framing",
// and those of the request's own body; after that the connection is lost: "stream.…".
Task<int> forward(http::Exchange& exchange, access::Pass pass, Forwarding to);

}  // namespace merlon::gateway
