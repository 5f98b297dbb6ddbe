// The interface of a built-in role: its route table, and calls. In one process the gateway calls it
// directly; between processes the same calls travel over HTTP.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/secret.h"
#include "base/task.h"
#include "http/response.h"
#include "wire/head.h"

namespace merlon::api {

// One request to a role. A value that may outlive its connection, except for `pass`, which borrows
// the subject from the caller that awaits the call.
struct LocalCall {
    access::Pass pass;  // no default: every call was authorized
    wire::Method method;
    std::string_view route;  // the pattern that matched, as in the route table
    std::string path;
    std::string query;   // as received, without the question mark
    Secret body;         // whole; where the route has a schema, validated and filtered by it
    std::string client;  // address; empty for a Unix socket
    std::string user_agent;
    std::string if_match;         // RFC 9110 section 13.1.1; empty: none
    std::string idempotency_key;  // empty: none
    // Why the token was refused, on a route of LocalAccess::Optional. The caller is empty then.
    std::optional<Error> refused_token;
    // The caller, by a token of our own. Empty on public routes.
    std::string user_id;
    std::string session_id;
    std::string role;
    std::string access_token;  // where the route declares TokenForwarding::Passed
};

// Optional: a valid access token of ours authenticates the caller. Without one the role gets the
// reason (LocalCall::refused_token) and decides.
enum class LocalAccess : std::uint8_t { Public, Optional, Authenticated, Permission };
// Whether a route that has a schema needs a body.
enum class BodyUse : std::uint8_t { Required, Optional };
// Whether a route gets the text of the access token: code that has it could use it.
enum class TokenForwarding : std::uint8_t { Withheld, Passed };

// Whose scripts in browsers may read a route's response. Any: also those of origins that
// cors.origins does not list, without credentials.
enum class Readers : std::uint8_t { ListedOrigins, AnyOrigin };

// A query parameter or header field, as in the OpenAPI document.
struct OpenApiParameter {
    std::string_view name;
    std::string_view in;      // "query" or "header"
    std::string_view schema;  // JSON Schema
    std::string_view description;
};

// A failure that an operation has beside those that its route gives it, in its own words. Its
// examples are the responses to these errors.
struct OpenApiFailure {
    Kind kind;
    std::string_view description;
    std::array<std::string_view, 4> rules;  // empty ones are none
};

// The OpenAPI operation of a route; the route's other members give the rest.
struct OpenApiOperation {
    std::string_view operation_id;  // names the function of generated clients
    std::string_view summary;
    int status = 200;                  // of success
    std::string_view response_schema;  // name in RoleTable::schemas; empty: no body
    enum class Shape : std::uint8_t { One, List, Bare } shape = Shape::One;  // Bare: no envelope
    std::span<const OpenApiParameter> parameters = {};
    std::span<const OpenApiFailure> failures = {};
};

// All texts are static.
struct LocalRoute {
    wire::Method method;
    std::string_view pattern;
    LocalAccess access;
    std::string_view permission;  // of LocalAccess::Permission
    // JSON Schema, by which the request path validates bodies, and which the OpenAPI document
    // shows. Its first example is a valid body. Empty: the route takes no body.
    std::string_view body_schema;
    OpenApiOperation openapi;
    TokenForwarding token = TokenForwarding::Withheld;
    BodyUse body = BodyUse::Required;
    Readers readers = Readers::ListedOrigins;
};

// JSON Schema of a response, with an example, for the OpenAPI document.
struct NamedSchema {
    std::string_view name;
    std::string_view schema;
};

// The routes of a role, wherever it runs. Its texts are static.
struct RoleTable {
    std::string_view role;
    std::vector<LocalRoute> routes;
    // Those that the routes name, and those that these refer to.
    std::span<const NamedSchema> schemas;
    // Whether its calls may revoke tokens: then its responses name the revoked tokens to gateways
    // in other processes.
    bool revokes_tokens = false;
};

// Safe from every thread; used by all workers.
class LocalService {
public:
    // Longer bodies are refused with 413 before the role sees them.
    static constexpr std::size_t body_bytes_max = 256 << 10;

    virtual ~LocalService() = default;
    virtual const RoleTable& table() const = 0;
    // Errors become responses by the table in http/problem.cc.
    virtual Task<http::Response> call(LocalCall request) = 0;
};

}  // namespace merlon::api
