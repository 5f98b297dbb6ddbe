// Sets the least length of each property that is a person's name.
#include "api/body_schema.h"

#include <boost/json.hpp>

namespace merlon::api {

std::string body_schema_text(std::string_view schema, const NameSettings& names) {
    boost::json::value parsed = wire::parse_json(schema).value();  // a literal of ours
    auto* properties = parsed.as_object().if_contains("properties");
    if (properties == nullptr) return std::string(schema);
    for (auto& [name, property] : properties->as_object()) {
        const auto* format = property.as_object().if_contains("format");
        if (format == nullptr || format->as_string() != wire::person_name_format) continue;
        property.as_object()["minLength"] = names.length_min;
    }
    return boost::json::serialize(parsed);
}

Result<wire::JsonSchema> compile_body_schema(std::string_view schema, const NameSettings& names) {
    return wire::JsonSchema::compile(body_schema_text(schema, names));
}

}  // namespace merlon::api
