// Renders successes and failures as OpenAPI response objects.
#include "api/openapi/operation_responses.h"

#include <algorithm>
#include <array>

#include "api/body_schema.h"
#include "base/result.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/reason_phrase.h"

namespace merlon::api {
namespace {

namespace json = boost::json;
using Shape = OpenApiOperation::Shape;

// A failure that many operations share. Its examples are the responses to these errors.
struct Failure {
    int status;
    std::string_view name;  // of the component
    std::string_view description;
    Kind kind;
    std::array<std::string_view, 4> rules;  // empty ones are none
};
constexpr auto failures = std::to_array<Failure>({
    {400, "BadRequest", "What was sent is malformed", Kind::Invalid, {"head.malformed"}},
    {401,
     "Unauthorized",
     "No access token, or one that is not good",
     Kind::Unknown,
     {"token.missing", "token.signature", "token.expired", "token.revoked"}},
    {404, "NotFound", "It does not exist, or is somebody else's", Kind::Absent, {"route.unknown"}},
    {412, "PreconditionFailed", "It was changed meanwhile", Kind::Conflict, {"product.changed"}},
    {413, "PayloadTooLarge", "The body is too large", Kind::Invalid, {"body.too_large"}},
    {415,
     "UnsupportedMediaType",
     "The body is not application/json",
     Kind::Invalid,
     {"body.media_type"}},
    {429,
     "TooManyRequests",
     "Too many requests: see Retry-After",
     Kind::Exhausted,
     {"limit.exceeded", "limit.auth"}},
    {503,
     "ServiceUnavailable",
     "A store is down, or too much waits: see Retry-After",
     Kind::Unavailable,
     {"storage.unavailable"}},
});

// As a client would read it.
json::value example_of(const Error& error) {
    return json::parse(http::envelope_json(http::problem_of(error), error));
}

// Of an example, by what it says: "not-enough-stock".
std::string example_name(const Error& error) {
    std::string name = text::to_lower(http::problem_of(error).message);
    std::erase(name, '\'');
    std::ranges::replace_if(name, [](char c) { return !text::is_alpha(c); }, '-');
    return name;
}

json::object examples_of(const std::vector<Error>& errors) {
    json::object examples;
    for (const Error& error : errors) {
        examples[example_name(error)] = {{"value", example_of(error)}};
    }
    return examples;
}

std::vector<Error> errors_of(Kind kind, std::span<const std::string_view> rules) {
    std::vector<Error> errors;
    for (const std::string_view rule : rules) {
        if (!rule.empty()) errors.push_back({kind, rule, {}, {}});
    }
    return errors;
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

json::object response_of(int status, std::string_view description,
                         const std::vector<Error>& errors) {
    json::object response{{"description", description}};
    if (status == 429 || status == 503) {
        response["headers"] = {{"Retry-After", header("Seconds to wait")}};
    }
    response["content"] = {
        {"application/json",
         {{"schema", reference("schemas", "Error")}, {"examples", examples_of(errors)}}},
        {"application/problem+json", {{"schema", reference("schemas", "Problem")}}}};
    return response;
}

// What the body that breaks the most rules gets: {}, or where that breaks none, members of a type
// that none of ours has.
json::object invalid_body(const LocalRoute& route, const NameSettings& names) {
    const auto schema = compile_body_schema(route.body_schema, names);
    MERLON_ASSERT(schema.has_value());
    json::value body = json::object();
    auto judged = schema->check(body);
    if (judged) {
        const json::value text = json::parse(body_schema_text(route.body_schema, names));
        for (const auto& [name, member] : text.at("properties").as_object()) {
            body.as_object()[name] = json::array();
        }
        judged = schema->check(body);
    }
    MERLON_ASSERT(!judged);
    return response_of(400, "The body is malformed, or breaks the schema", {judged.error()});
}

}  // namespace

bool takes_id(const LocalRoute& route) { return route.pattern.contains("{id}"); }

json::value take_example(json::value& schema) {
    json::value example = schema.at("examples").at(0);
    schema.as_object().erase("examples");
    return example;
}

json::object responses_of(const LocalRoute& route, const json::object& schemas,
                          const NameSettings& names) {
    json::object responses;
    responses[std::to_string(route.openapi.status)] = success_of(route, schemas);
    const auto add = [&](int status) {
        responses[std::to_string(status)] = reference("responses", failure_of(status).name);
    };
    add(400);
    if (!route.body_schema.empty()) responses["400"] = invalid_body(route, names);
    if (route.access != LocalAccess::Public) add(401);
    if (route.access == LocalAccess::Permission) {
        Error denied{Kind::Denied, access::denied_rule, {}, {}};
        denied.payload = RequiredPermissions{{std::string(route.permission)}};
        responses["403"] = response_of(403, "The permission is missing", {denied});
    }
    if (takes_id(route)) add(404);
    for (const OpenApiFailure& failure : route.openapi.failures) {
        const std::vector<Error> errors = errors_of(failure.kind, failure.rules);
        MERLON_ASSERT(!errors.empty());
        const int status = http::problem_of(errors.front()).status;
        responses[std::to_string(status)] = response_of(status, failure.description, errors);
    }
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
        all[failure.name] = response_of(failure.status, failure.description,
                                        errors_of(failure.kind, failure.rules));
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
