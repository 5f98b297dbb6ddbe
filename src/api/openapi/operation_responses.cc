// Renders successes, and collects the failures, of an operation.
#include "api/openapi/operation_responses.h"

#include "api/body_schema.h"
#include "api/openapi/failure_responses.h"
#include "api/openapi/json_parts.h"
#include "http/reason_phrase.h"

namespace merlon::api {
namespace {

namespace json = boost::json;
using Shape = OpenApiOperation::Shape;

std::vector<Error> errors_of(const OpenApiFailure& failure) {
    std::vector<Error> errors;
    for (const std::string_view rule : failure.rules) {
        if (!rule.empty()) errors.push_back({failure.kind, rule, {}, {}});
    }
    return errors;
}

json::object content_of(json::object schema, json::value example) {
    return {{"application/json", {{"schema", std::move(schema)}, {"example", std::move(example)}}}};
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

// What the body that breaks the most rules gets: {}, or where that breaks none, members of a type
// that none of ours has.
Error invalid_body(const LocalRoute& route, const NameSettings& names) {
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
    return judged.error();
}

// By what the request path does with such a route, and what the operation itself says.
FailureResponses failures_of(const LocalRoute& route, const NameSettings& names) {
    FailureResponses failures;
    const bool has_body = !route.body_schema.empty();
    if (has_body) {
        failures.add("The body is malformed, or breaks the schema", {invalid_body(route, names)});
    } else {
        failures.add_shared(400);
    }
    // Where a token is optional, the operation says itself what it does without a good one.
    const bool needs_permission = route.access == LocalAccess::Permission;
    if (needs_permission || route.access == LocalAccess::Authenticated) failures.add_shared(401);
    if (needs_permission) {
        Error denied{Kind::Denied, access::denied_rule, {}, {}};
        denied.payload = RequiredPermissions{{std::string(route.permission)}};
        failures.add("The permission is missing", {denied});
    }
    if (takes_id(route)) failures.add_shared(404);
    for (const OpenApiFailure& failure : route.openapi.failures) {
        failures.add(failure.description, errors_of(failure));
    }
    for (const OpenApiParameter& parameter : route.openapi.parameters) {
        if (parameter.name == "If-Match") failures.add_shared(412);
    }
    for (const int status : {413, 415}) {
        if (has_body) failures.add_shared(status);
    }
    for (const int status : {429, 503}) failures.add_shared(status);
    return failures;
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
    failures_of(route, names).write(responses);
    return responses;
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
