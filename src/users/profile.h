// What a person tells about himself beyond the account.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/account_directory.h"

namespace merlon::users {

struct Profile {
    std::optional<std::string> phone;
    std::optional<std::string> address;
    std::optional<std::string> ssn;  // social security number, in clear here alone
};

// A JSON merge patch (RFC 7396): what is not there stays, null takes away.
struct ProfilePatch {
    using Field = std::optional<std::optional<std::string>>;  // empty: stays; empty inside: goes

    std::optional<std::string> first_name;
    std::optional<std::string> last_name;
    Field phone;
    Field address;
    Field ssn;

    // JSON Schema of it; the request path validates bodies by this before the role sees them.
    static constexpr std::string_view schema = R"({
        "type": "object",
        "properties": {
            "firstName": {"type": "string", "format": "person-name",
                          "minLength": 2, "maxLength": 50,
                          "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
            "lastName": {"type": "string", "format": "person-name",
                         "minLength": 2, "maxLength": 50,
                         "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
            "phone": {"type": ["string", "null"], "minLength": 3, "maxLength": 32,
                      "pattern": "^[+]?[0-9][0-9 ()./-]*$"},
            "address": {"type": ["string", "null"], "format": "visible-text",
                        "minLength": 1, "maxLength": 500,
                        "pattern": "^[^\\x00-\\x09\\x0b-\\x1f\\x7f]*$"},
            "ssn": {"type": ["string", "null"], "pattern": "^[0-9]{3}-[0-9]{2}-[0-9]{4}$"}
        },
        "examples": [{"phone": "+44 20 7946 0958", "ssn": "078-05-1120", "address": null}]
    })";

    // Of a body that the schema has passed. Errors: those of parse_json.
    static Result<ProfilePatch> parse(std::string_view body);
    bool renames() const { return first_name.has_value() || last_name.has_value(); }
};

// The last four digits of the number are shown, and of it nothing else ever.
std::string to_json(const ports::AccountNames& names, const Profile& profile);
// JSON Schema of that, for the OpenAPI document.
inline constexpr std::string_view profile_schema = R"({
    "type": "object",
    "required": ["firstName", "lastName"],
    "properties": {
        "firstName": {"type": "string"},
        "lastName": {"type": "string"},
        "phone": {"type": "string"},
        "address": {"type": "string"},
        "ssn": {"type": "string", "description": "The last four digits only"}
    },
    "examples": [{
        "firstName": "Ada", "lastName": "Lovelace", "phone": "+44 20 7946 0958",
        "ssn": "***-**-1120"
    }]
})";

}  // namespace merlon::users
