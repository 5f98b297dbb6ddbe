// The schema of a built-in route's body as this installation has it.
#pragma once

#include <string>
#include <string_view>

#include "api/name_settings.h"
#include "wire/json_schema.h"

namespace merlon::api {

// `schema` is a route's, or a form's. Names of people in it are as long as `names` says.
std::string body_schema_text(std::string_view schema, const NameSettings& names);
// The same, compiled. Errors: those of JsonSchema::compile.
Result<wire::JsonSchema> compile_body_schema(std::string_view schema, const NameSettings& names);

}  // namespace merlon::api
