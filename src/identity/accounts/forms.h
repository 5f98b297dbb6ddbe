// Request bodies of the auth role. The request path has validated each body by the schema beside
// its form (it reports all violations at once, and removes fields that the schema does not name:
// mass assignment changes nothing); parse() makes values of what passed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/name_settings.h"
#include "base/result.h"
#include "base/secret.h"
#include "wire/email.h"

namespace merlon::identity {

// The body as the request path would pass it on, for one that came another way. Errors:
// "schema.violation" (FieldErrors), and those of parse_json.
Result<Secret> validate_body(std::string_view schema, std::string_view body,
                             const api::NameSettings& names);

// All fail with "schema.violation" (FieldErrors) for what a schema cannot say, and as parse_json.

struct RegisterForm {
    wire::Email email;
    Secret password;
    std::string first_name;
    std::string last_name;
    // Names stand in mails and on terminals: no control characters.
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
                         "pattern": "^[^\\x00-\\x1f\\x7f]*$"}
        },
        "examples": [{
            "email": "ada@example.com", "password": "Horse$Battery9",
            "firstName": "Ada", "lastName": "Lovelace"
        }]
    })";
    static Result<RegisterForm> parse(std::string_view body);
};

struct LoginForm {
    wire::Email email;
    Secret password;  // any: one that breaks the rules is just wrong
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["email", "password"],
        "properties": {
            "email": {"type": "string", "format": "email", "minLength": 1},
            "password": {"type": "string", "minLength": 1}
        },
        "examples": [{"email": "ada@example.com", "password": "Horse$Battery9"}]
    })";
    static Result<LoginForm> parse(std::string_view body);
};

struct RefreshForm {
    std::string refresh_token;
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["refreshToken"],
        "properties": {"refreshToken": {"type": "string", "minLength": 1}},
        "examples": [{
            "refreshToken": "eyJhbGciOiJFUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
        }]
    })";
    static Result<RefreshForm> parse(std::string_view body);
};

// There may be no body at all: an access token is enough.
struct LogoutForm {
    std::optional<std::string> refresh_token;
    static constexpr std::string_view schema = R"({
        "type": "object",
        "properties": {"refreshToken": {"type": "string", "minLength": 1}},
        "examples": [{
            "refreshToken": "eyJhbGciOiJFUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
        }]
    })";
    static Result<LogoutForm> parse(std::string_view body);
};

struct PasswordForm {
    Secret current_password;
    Secret new_password;
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["currentPassword", "newPassword"],
        "properties": {
            "currentPassword": {"type": "string", "minLength": 1},
            "newPassword": {"type": "string", "format": "password", "minLength": 8}
        },
        "examples": [{
            "currentPassword": "Horse$Battery9", "newPassword": "Staple!Correct8"
        }]
    })";
    static Result<PasswordForm> parse(std::string_view body);
};

// An operator's: the old password is not needed.
struct ResetForm {
    Secret password;
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["password"],
        "properties": {
            "password": {"type": "string", "format": "password", "minLength": 8}
        }
    })";
    static Result<ResetForm> parse(std::string_view body);
};

}  // namespace merlon::identity
