// A schema, a zero byte, a body. What a schema lets pass is JSON, is let pass again in its new
// form, and what it refuses is refused with a bounded list.
#include "wire/json_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace merlon;
    constexpr std::string_view declared =
        R"({"type":"object","required":["a","b"],"properties":{
            "a":{"type":"string","minLength":1,"maxLength":9,"pattern":"^[a-z]+$"},
            "b":{"type":"array","minItems":1,"maxItems":4,"items":{"type":"object","properties":{
                "e":{"type":"string","format":"email"},"u":{"type":"string","format":"uuid"},
                "t":{"type":["string","null"],"format":"date-time"},"k":{"enum":[1,"x",null]}}}},
            "n":{"type":"integer","minimum":-5,"maximum":5},"f":{"type":"boolean"}}})";
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t zero = input.find('\0');
    const bool has_schema = zero != std::string_view::npos;
    const auto schema = wire::JsonSchema::compile(has_schema ? input.substr(0, zero) : declared);
    if (!schema) {
        MERLON_ASSERT(has_schema);
        return 0;
    }
    const auto filtered = schema->filter(has_schema ? input.substr(zero + 1) : input);
    if (filtered) {
        if (!has_schema) MERLON_ASSERT(schema->filter(*filtered) == *filtered);
        MERLON_ASSERT(wire::parse_json(*filtered, {.bytes = SIZE_MAX}).has_value());
    } else if (filtered.error().rule == wire::schema_violation_rule) {
        const auto& violations = std::get<FieldErrors>(filtered.error().payload);
        MERLON_ASSERT(!violations.empty());
        MERLON_ASSERT(violations.size() <= wire::JsonSchema::violations_max);
    }
    return 0;
}
