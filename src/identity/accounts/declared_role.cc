// Says which roles there are to who names another.
#include "identity/accounts/declared_role.h"

#include "wire/json_schema.h"

namespace merlon::identity {

Result<> require_role(const access::Roles& roles, const std::string& role) {
    if (roles.has_role(role)) return {};
    std::string names;
    for (const std::string_view name : roles.role_names()) {
        if (!names.empty()) names += ", ";
        names += name;
    }
    return fail(Kind::Invalid, wire::schema_violation_rule, {},
                FieldErrors{{"role", "\"role\" must be one of [" + names + "]"}});
}

}  // namespace merlon::identity
