// What an admin says of somebody's account.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/account_directory.h"

namespace merlon::users {

struct NewAccount {
    std::string role;  // the rest of the body is the auth role's to read

    // JSON Schema of it; the request path validates bodies by this before the role sees them.
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["email", "password", "firstName", "lastName"],
        "properties": {
            "email": {"type": "string", "format": "email", "minLength": 1},
            "password": {"type": "string", "format": "password", "minLength": 8},
            "firstName": {"type": "string", "format": "person-name",
                          "minLength": 2, "maxLength": 50,
                          "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
            "lastName": {"type": "string", "format": "person-name",
                         "minLength": 2, "maxLength": 50,
                         "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
            "role": {"type": "string", "minLength": 1, "maxLength": 64}
        },
        "examples": [{
            "email": "grace@example.com", "password": "Horse$Battery9", "firstName": "Grace",
            "lastName": "Hopper", "role": "moderator"
        }]
    })";

    // Of a body that the schema has passed. Errors: those of parse_json.
    static Result<NewAccount> parse(std::string_view body);
};

struct AccountPatch {
    static constexpr std::string_view schema = R"({
        "type": "object",
        "properties": {
            "role": {"type": "string", "minLength": 1, "maxLength": 64},
            "locked": {"type": "boolean"}
        },
        "examples": [{"role": "moderator"}]
    })";

    // Of a body that the schema has passed. Errors: those of parse_json.
    static Result<ports::AccountChange> parse(std::string_view body);
};

}  // namespace merlon::users
