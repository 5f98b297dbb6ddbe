// Bodies judged by a schema: a subset of JSON Schema (2020-12) with Joi's wording (contract.md).
//
// Keywords: type, properties, required, additionalProperties, enum, minLength, maxLength, pattern,
// format (email, uuid, date-time, password, visible-text, person-name), minimum, maximum, items,
// minItems, maxItems; $schema, $id, $comment, title, description and examples say nothing here.
// Departures: any other keyword is an error of the schema, since a rule that is not enforced is
// worse than none; a schema names its type or its enum; members that the schema does not declare
// are stripped, not refused, unless additionalProperties is true; a string that may not be empty
// says so instead of its length.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "wire/json.h"

namespace merlon::wire {

struct SchemaNode;

// The text is JSON but no schema of the supported kind (Invalid).
inline constexpr std::string_view schema_invalid_rule = "schema.invalid";
// A body breaks its schema (Invalid, FieldErrors).
inline constexpr std::string_view schema_violation_rule = "schema.violation";

// The format of a person's name, which shows something and whose least length is a setting.
inline constexpr std::string_view person_name_format = "person-name";

// Immutable once compiled; used by all workers at once.
class JsonSchema final {
public:
    // Violations reported for one body; more help nobody.
    static constexpr std::size_t violations_max = 100;

    // Errors (Invalid): schema_invalid_rule, the detail naming the place as a JSON pointer and what
    // is wrong there; and those of parse_json.
    static Result<JsonSchema> compile(std::string_view text);

    JsonSchema(JsonSchema&&) noexcept;
    JsonSchema& operator=(JsonSchema&&) noexcept;
    ~JsonSchema();

    // Strips what is not declared. Error: schema_violation_rule; its FieldErrors are in the
    // schema's order.
    Result<> check(boost::json::value& value) const;

    // The body as it goes on: checked, stripped, written anew, so that the next reader reads what
    // was judged. Errors: as of check and parse_json.
    Result<std::string> filter(std::string_view body, const JsonLimits& limits = {}) const;

private:
    explicit JsonSchema(std::unique_ptr<const SchemaNode> root);
    std::unique_ptr<const SchemaNode> root_;
};

}  // namespace merlon::wire
