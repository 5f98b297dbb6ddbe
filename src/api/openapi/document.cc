// Assembles the document: paths, their operations, and the components they share.
#include "api/openapi/document.h"

#include <boost/json.hpp>

#include "api/body_schema.h"
#include "api/openapi/failure_responses.h"
#include "api/openapi/operation_responses.h"
#include "base/text.h"

namespace merlon::api {
namespace {

namespace json = boost::json;

// Texts of the roles, which are part of the program.
json::value parsed(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    MERLON_ASSERT(!error);
    return value;
}

// users for /api/users/{id}, auth for /.well-known/jwks.json.
std::string tag_of(std::string_view pattern) {
    constexpr std::string_view prefix = "/api/";
    if (!pattern.starts_with(prefix)) return "auth";
    const std::string_view rest = pattern.substr(prefix.size());
    return std::string(rest.substr(0, rest.find('/')));
}

json::array parameters_of(const LocalRoute& route) {
    json::array all;
    if (takes_id(route)) {
        all.push_back({{"name", "id"},
                       {"in", "path"},
                       {"required", true},
                       {"schema", {{"type", "string"}, {"format", "uuid"}}}});
    }
    for (const OpenApiParameter& parameter : route.openapi.parameters) {
        all.push_back({{"name", parameter.name},
                       {"in", parameter.in},
                       {"description", parameter.description},
                       {"schema", parsed(parameter.schema)}});
    }
    return all;
}

// The example stands beside the schema, where tools that fill in forms look for it.
json::object body_of(const LocalRoute& route, const NameSettings& names) {
    json::value schema = parsed(body_schema_text(route.body_schema, names));
    const json::value example = take_example(schema);
    return {{"required", route.body == BodyUse::Required},
            {"content", {{"application/json", {{"schema", schema}, {"example", example}}}}}};
}

json::object operation_of(const LocalRoute& route, const json::object& schemas,
                          const NameSettings& names) {
    json::object operation{{"operationId", route.openapi.operation_id},
                           {"summary", route.openapi.summary},
                           {"tags", {tag_of(route.pattern)}}};
    if (route.access == LocalAccess::Public) operation["security"] = json::array();
    if (route.access == LocalAccess::Optional) {
        operation["security"] = {json::object{{"accessToken", json::array()}}, json::object()};
    }
    if (!route.permission.empty()) operation["x-permissions"] = {route.permission};
    if (json::array parameters = parameters_of(route); !parameters.empty()) {
        operation["parameters"] = std::move(parameters);
    }
    if (!route.body_schema.empty()) operation["requestBody"] = body_of(route, names);
    operation["responses"] = responses_of(route, schemas, names);
    return operation;
}

// An operation that the gateway itself serves.
json::object fixed_operation(std::string_view name, std::string_view summary, json::value schema) {
    return {{"operationId", name},
            {"summary", summary},
            {"tags", {"gateway"}},
            {"security", json::array()},
            {"responses",
             {{"200",
               {{"description", "OK"},
                {"content", {{"application/json", {{"schema", std::move(schema)}}}}}}},
              {"400", {{"$ref", "#/components/responses/BadRequest"}}}}}};
}

json::object schemas_of(std::span<const RoleTable* const> roles) {
    json::object schemas;
    for (const RoleTable* role : roles) {
        for (const NamedSchema& one : role->schemas) {
            schemas[one.name] = parsed(one.schema);
        }
    }
    return schemas;
}

json::object paths_of(std::span<const RoleTable* const> roles, const json::object& schemas,
                      const NameSettings& names) {
    json::object paths;
    for (const RoleTable* role : roles) {
        for (const LocalRoute& route : role->routes) {
            json::value& path = paths[route.pattern];
            if (path.is_null()) path.emplace_object();
            path.as_object()[text::to_lower(wire::name(route.method))] =
                operation_of(route, schemas, names);
        }
    }
    paths["/health"] = {{"get", fixed_operation("health", "Whether the gateway answers", parsed(R"({
        "type": "object", "required": ["status"],
        "properties": {"status": {"type": "string", "enum": ["ok"]}}})"))}};
    paths["/openapi.json"] = {
        {"get", fixed_operation("description", "This document", {{"type", "object"}})}};
    return paths;
}

}  // namespace

std::string openapi_document(std::span<const RoleTable* const> roles, const std::string& public_url,
                             const NameSettings& names) {
    json::object schemas = schemas_of(roles);
    json::object paths = paths_of(roles, schemas, names);
    for (auto& [name, schema] : shared_schemas()) schemas[name] = schema;
    const json::object document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Merlon"},
          {"version", MERLON_VERSION},
          {"description",
           "The built-in roles. Success is {success: true, data}, failure {success: false, error: "
           "{code, message}}; a client that accepts application/problem+json gets RFC 9457 with "
           "the same code. Unknown fields of a body are ignored."},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", {{{"url", public_url.empty() ? "/" : public_url}}}},
        {"security", {{{"accessToken", json::array()}}}},
        {"paths", std::move(paths)},
        {"components",
         {{"schemas", std::move(schemas)},
          {"responses", shared_responses()},
          {"securitySchemes",
           {{"accessToken", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}}}}};
    return json::serialize(document);
}

}  // namespace merlon::api
