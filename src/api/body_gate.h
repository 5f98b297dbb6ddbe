// Reads a request's body and validates it before a role or an upstream gets it. There may be a
// password in it.
#pragma once

#include "api/local_service.h"
#include "http/exchange.h"
#include "wire/json_schema.h"

namespace merlon::api {

// Whether requests of this method have a body to validate by a schema.
bool has_validated_body(wire::Method method);

// The whole body, empty when there is none. Borrows. Errors: "body.media_type" (its Content-Type is
// not JSON), "client.gone", those of the request's own body.
Task<Secret> read_json_body(http::Exchange* exchange);

// Reads the whole body and gives the one to pass on: validated, without undeclared members; empty
// where it is optional and there is none. Borrows both. Errors: "body.media_type" (its Content-Type
// is not JSON), "schema.violation", those of parse_json and of the request's own body.
Task<Secret> read_validated_body(http::Exchange* exchange, const wire::JsonSchema* schema,
                                 std::uint64_t bytes_max, BodyUse use);

}  // namespace merlon::api
