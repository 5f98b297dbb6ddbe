// Renders successes and failures as OpenAPI response objects.
#include "api/openapi/operation_responses.h"

#include <array>

#include "base/result.h"
#include "http/problem.h"
#include "http/reason_phrase.h"

namespace merlon::api {
namespace {

namespace json = boost::json;
using Shape = OpenApiOperation::Shape;

// A failure that many operations share. Its example is the response to this error.
struct Failure {
    int status;
    std::string_view name;         // of the component
    std::string_view description;  // empty: every route has its own
    std::string_view rule;
    Kind kind;
};
constexpr auto failures = std::to_array<Failure>({
    {400, "BadRequest", "What was sent is malformed, or breaks the schema", "schema.violation",
     Kind::Invalid},
    {401, "Unauthorized", "No access token, or one that is not good", "token.expired",
     Kind::Unknown},
    {403, "Forbidden", "The permission is missing", access::denied_rule, Kind::Denied},
    {404, "NotFound", "It does not exist, or is somebody else's", "route.unknown", Kind::Absent},
    {409, "Conflict", "", "account.email_taken", Kind::Conflict},
    {412, "PreconditionFailed", "It was changed meanwhile", "product.changed", Kind::Conflict},
    {413, "PayloadTooLarge", "The body is too large", "body.too_large", Kind::Invalid},
    {415, "UnsupportedMediaType", "The body is not application/json", "body.media_type",
     Kind::Invalid},
    {429, "TooManyRequests", "Too many requests: see Retry-After", "limit.exceeded",
     Kind::Exhausted},
    {503, "ServiceUnavailable", "A store is down, or too much waits: see Retry-After",
     "storage.unavailable", Kind::Unavailable},
});

// As a client would read it.
json::value example_of(const Failure& failure) {
    Error error{failure.kind, failure.rule, {}, {}};
    if (failure.status == 400) {
        error.payload = FieldErrors{{"email", "\"email\" is required"}};
    } else if (failure.status == 403) {
        error.payload = RequiredPermissions{{"delete:products"}};
    }
    return json::parse(http::envelope_json(http::problem_of(error), error));
}

json::object reference(std::string_view section, std::string_view name) {
    return {{"$ref", "#/components/" + std::string(section) + "/" + std::string(name)}};
}

const Failure& failure_of(int status) {
    for (const Failure& failure : failures) {
        if (failure.status == status) return failure;
    }
    MERLON_ASSERT(false);
}

json::object content_of(json::object schema, json::value example) {
    return {{"application/json", {{"schema", std::move(schema)}, {"example", std::move(example)}}}};
}

json::object header(std::string_view description) {
    return {{"description", description}, {"schema", {{"type", "integer"}}}};
}

json::object envelope_schema(json::object data) {
    return {{"type", "object"},
            {"required", {"success", "data"}},
            {"properties", {{"success", {{"const", true}}}, {"data", std::move(data)}}}};
}

json::object list_schema(json::object item) {
    json::object schema = envelope_schema({{"type", "array"}, {"items", std::move(item)}});
    schema["required"] = {"success", "data", "meta"};
    schema["properties"].as_object()["meta"] = reference("schemas", "Page");
    return schema;
}

json::object success_of(const LocalRoute& route, const json::object& schemas) {
    const OpenApiOperation& operation = route.openapi;
    json::object success{{"description", http::reason_phrase(operation.status)}};
    if (operation.response_schema.empty()) return success;
    const json::value& example = schemas.at(operation.response_schema).at("examples").at(0);
    const json::object schema = reference("schemas", operation.response_schema);
    switch (operation.shape) {
        case Shape::Bare:
            success["content"] = content_of(schema, example);
            break;
        case Shape::One:
            success["content"] =
                content_of(envelope_schema(schema), {{"success", true}, {"data", example}});
            break;
        case Shape::List:
            success["headers"] = {{"X-Total-Count", header("How many there are on all pages")},
                                  {"X-Page-Count", header("How many pages that makes")}};
            success["content"] =
                content_of(list_schema(schema),
                           {{"success", true},
                            {"data", {example}},
                            {"meta", {{"total", 1}, {"limit", 20}, {"nextCursor", nullptr}}}});
            break;
    }
    return success;
}

json::object response_of(const Failure& failure, std::string_view description) {
    json::object response{{"description", description}};
    if (failure.status == 429 || failure.status == 503) {
        response["headers"] = {{"Retry-After", header("Seconds to wait")}};
    }
    json::object content = content_of(reference("schemas", "Error"), example_of(failure));
    content["application/problem+json"] = {{"schema", reference("schemas", "Problem")}};
    response["content"] = std::move(content);
    return response;
}

// A failure of this route alone, in its own words.
json::object route_failure(int status, std::string_view description) {
    return response_of(failure_of(status), description);
}

}  // namespace

bool takes_id(const LocalRoute& route) { return route.pattern.contains("{id}"); }

json::value take_example(json::value& schema) {
    json::value example = schema.at("examples").at(0);
    schema.as_object().erase("examples");
    return example;
}

json::object responses_of(const LocalRoute& route, const json::object& schemas) {
    json::object responses;
    responses[std::to_string(route.openapi.status)] = success_of(route, schemas);
    const auto add = [&](int status) {
        responses[std::to_string(status)] = reference("responses", failure_of(status).name);
    };
    add(400);
    if (route.access != LocalAccess::Public) add(401);
    if (!route.openapi.unauthorized.empty())
        responses["401"] = route_failure(401, route.openapi.unauthorized);
    if (route.access == LocalAccess::Permission) add(403);
    if (takes_id(route)) add(404);
    if (!route.openapi.conflict.empty())
        responses["409"] = route_failure(409, route.openapi.conflict);
    for (const OpenApiParameter& parameter : route.openapi.parameters) {
        if (parameter.name == "If-Match") add(412);
    }
    if (!route.body_schema.empty()) {
        add(413);
        add(415);
    }
    add(429);
    add(503);
    return responses;
}

json::object shared_responses() {
    json::object all;
    for (const Failure& failure : failures) {
        if (failure.description.empty()) continue;
        all[failure.name] = response_of(failure, failure.description);
    }
    return all;
}

json::object shared_schemas() {
    return json::parse(R"({
        "Error": {
            "type": "object",
            "required": ["success", "error"],
            "properties": {
                "success": {"const": false},
                "error": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string", "description": "Stable: programs read this"},
                        "message": {"type": "string"},
                        "details": {"type": "array",
                                    "items": {"$ref": "#/components/schemas/FieldError"}},
                        "required": {"type": "array", "items": {"type": "string"},
                                     "description": "Permissions that the call needs"}
                    }
                }
            }
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "code"],
            "properties": {
                "type": {"type": "string"}, "title": {"type": "string"},
                "status": {"type": "integer"}, "detail": {"type": "string"},
                "code": {"type": "string", "description": "As in the envelope"},
                "details": {"type": "array",
                            "items": {"$ref": "#/components/schemas/FieldError"}},
                "required": {"type": "array", "items": {"type": "string"}}
            }
        },
        "FieldError": {
            "type": "object",
            "required": ["field", "message"],
            "properties": {"field": {"type": "string"}, "message": {"type": "string"}}
        },
        "Page": {
            "type": "object",
            "required": ["total", "limit", "nextCursor"],
            "properties": {
                "total": {"type": "integer", "description": "On all pages"},
                "limit": {"type": "integer"},
                "nextCursor": {"type": ["string", "null"],
                               "description": "For cursor; null: this is the last page"}
            }
        }
    })")
        .as_object();
}

}  // namespace merlon::api
