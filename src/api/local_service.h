// A built-in role as the gateway calls it: directly, without a socket. Split into processes, the
// same calls travel over HTTP, and the role does not know the difference.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/task.h"
#include "http/response.h"
#include "wire/head.h"

namespace merlon::api {

// One request to a role. Values: it may outlive the connection it came by, but for the proof, which
// borrows the subject from whoever awaits the call.
struct LocalCall {
    access::Pass pass;  // no default: a call that nobody allowed cannot be made
    wire::Method method;
    std::string_view route;  // the pattern that matched; as in its table
    std::string path;
    std::string query;   // as it came, without the question mark
    std::string body;    // whole; where the route has a schema, judged and stripped by it
    std::string client;  // address; empty for a Unix socket
    std::string user_agent;
    std::string if_match;         // RFC 9110 section 13.1.1; empty: none
    std::string idempotency_key;  // empty: none
    // Who calls, by a token of our own; empty on public routes.
    std::string user_id;
    std::string session_id;
    std::string role;
    std::string access_token;  // itself, where the route is shown it
};

enum class LocalAccess : std::uint8_t { Public, Authenticated, Permission };
// Whether a route is shown the access token that it is called with: who may see it may use it.
enum class TokenText : std::uint8_t { Kept, Shown };

// A parameter in the query or a field of the request, as the description tells of it.
struct LocalParameter {
    std::string_view name;
    std::string_view in;      // "query" or "header"
    std::string_view schema;  // JSON Schema
    std::string_view meaning;
};

// What the description (OpenAPI) tells of a route beyond what its other members say.
struct RouteText {
    std::string_view operation;  // its identifier for generated clients
    std::string_view summary;
    int status = 200;         // of success
    std::string_view answer;  // name of a schema of the table; empty: no body
    enum class Shape : std::uint8_t { One, List, Bare } shape = Shape::One;  // bare: no envelope
    std::span<const LocalParameter> parameters = {};
    std::string_view conflict = {};      // when 409 is said; empty: never
    std::string_view unauthorized = {};  // when a public route says 401; empty: never
};

// All texts are static.
struct LocalRoute {
    wire::Method method;
    std::string_view pattern;
    LocalAccess access;
    std::string_view permission;  // of LocalAccess::Permission
    // JSON Schema, its first example one that a client may send; the request path judges bodies by
    // it, and the description shows it. Empty: the route takes no body.
    std::string_view body_schema;
    RouteText text;
    TokenText token = TokenText::Kept;
};

// JSON Schema of something that roles answer, for the description; with an example.
struct NamedSchema {
    std::string_view name;
    std::string_view schema;
};

// What a role answers, wherever it runs. Its texts are static.
struct RoleTable {
    std::string_view role;
    std::vector<LocalRoute> routes;
    // Those that the routes' texts name, and that these name in turn.
    std::span<const NamedSchema> schemas;
    // Whether what its answers acknowledge may end tokens: then gateways elsewhere are told which.
    bool revokes_tokens = false;
};

// Safe from every thread; used by all workers.
class LocalService {
public:
    // Longer bodies are refused with 413 before the role sees them.
    static constexpr std::size_t body_bytes_max = 256 << 10;

    virtual ~LocalService() = default;
    virtual const RoleTable& table() const = 0;
    // Errors become answers by the table in http/problem.cc.
    virtual Task<http::Response> call(LocalCall request) = 0;
};

}  // namespace merlon::api
