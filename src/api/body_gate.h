// The stage that judges a body before an upstream sees it.
#pragma once

#include "http/exchange.h"
#include "wire/json_schema.h"

namespace merlon::api {

// Whether requests of this method have a body that a schema speaks of.
bool has_judged_body(wire::Method method);

// The whole body, empty when there is none. Borrows. Errors: "body.media_type" (it says it is no
// JSON), "client.gone", those of the request's own body.
Task<std::string> take_json_body(http::Exchange* exchange);

// Reads the whole body and gives what goes on in its place: checked, without undeclared members.
// Borrows both. Errors: "body.media_type" (it says it is no JSON), "schema.violation", those of
// parse_json and of the request's own body.
Task<std::string> take_judged_body(http::Exchange* exchange, const wire::JsonSchema* schema,
                                   std::uint64_t bytes_max);

}  // namespace merlon::api
