// Maps the error of a failed request to its response and, where it is one, to a security event.
#pragma once

#include <optional>

#include "events/event.h"
#include "http/response.h"
#include "wire/head.h"

namespace merlon::api {

// The response to a request that failed with `error`; without the fields that every response
// carries. `accept` is the client's field, null where it sent none: it may prefer RFC 9457.
http::Response error_response(const Error& error, const wire::Field* accept);

// The event to report; none where the error is no security event.
std::optional<events::Type> security_event_of(const Error& error);

}  // namespace merlon::api
