// Roles by name.
#pragma once

#include <string>

#include "access/access.h"
#include "base/result.h"

namespace merlon::identity {

// Error: "schema.violation" (Invalid, FieldErrors: of "role"), for one that is not declared.
Result<> require_role(const access::Roles& roles, const std::string& role);

}  // namespace merlon::identity
