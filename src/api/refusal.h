// What a refused request is told, and which refusals the operators are told of.
#pragma once

#include <optional>

#include "events/event.h"
#include "http/response.h"
#include "wire/head.h"

namespace merlon::api {

// The answer to a request that failed with `error`; without the fields that every answer carries.
// `accept` is the client's, null where it sent none: it may prefer RFC 9457.
http::Response refusal_of(const Error& error, const wire::Field* accept);

// Of the refusals that are security events: forbidden, over a limit, a bad token.
std::optional<events::Type> event_of(const Error& error);

}  // namespace merlon::api
