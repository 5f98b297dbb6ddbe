// Successes and failures as OpenAPI's response objects.
#include "api/openapi/description_answers.h"

#include <array>

#include "base/result.h"
#include "http/problem.h"

namespace merlon::api {
namespace {

namespace json = boost::json;
using Shape = RouteText::Shape;

// A failure that many operations share: an error as it would happen, its answer the example.
struct Failure {
    int status;
    std::string_view name;     // of the component
    std::string_view meaning;  // empty: every route has its own
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

json::object header(std::string_view meaning) {
    return {{"description", meaning}, {"schema", {{"type", "integer"}}}};
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
    const RouteText& text = route.text;
    json::object success{{"description", http::reason_phrase(text.status)}};
    if (text.answer.empty()) return success;
    const json::value& example = schemas.at(text.answer).at("examples").at(0);
    const json::object schema = reference("schemas", text.answer);
    switch (text.shape) {
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

json::object response_of(const Failure& failure, std::string_view meaning) {
    json::object response{{"description", meaning}};
    if (failure.status == 429 || failure.status == 503) {
        response["headers"] = {{"Retry-After", header("Seconds to wait")}};
    }
    json::object content = content_of(reference("schemas", "Error"), example_of(failure));
    content["application/problem+json"] = {{"schema", reference("schemas", "Problem")}};
    response["content"] = std::move(content);
    return response;
}

// A failure of this route alone, in its own words.
json::object special(int status, std::string_view meaning) {
    return response_of(failure_of(status), meaning);
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
    responses[std::to_string(route.text.status)] = success_of(route, schemas);
    const auto add = [&](int status) {
        responses[std::to_string(status)] = reference("responses", failure_of(status).name);
    };
    add(400);
    if (route.access != LocalAccess::Public) add(401);
    if (!route.text.unauthorized.empty()) responses["401"] = special(401, route.text.unauthorized);
    if (route.access == LocalAccess::Permission) add(403);
    if (takes_id(route)) add(404);
    if (!route.text.conflict.empty()) responses["409"] = special(409, route.text.conflict);
    for (const LocalParameter& parameter : route.text.parameters) {
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
        if (failure.meaning.empty()) continue;
        all[failure.name] = response_of(failure, failure.meaning);
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
