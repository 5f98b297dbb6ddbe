// What clients send to identity, read strictly: all that is wrong is said at once, in Joi's words;
// fields that nobody asked for are ignored (mass assignment changes nothing).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/email.h"

namespace merlon::identity {

// All fail with "schema.violation" (FieldErrors) or "json.…". A password is never in a message.

struct RegisterForm {
    wire::Email email;
    std::string password;
    std::string first_name;
    std::string last_name;
    static Result<RegisterForm> parse(std::string_view body);
};

struct LoginForm {
    wire::Email email;
    std::string password;  // any: what breaks the rules is just wrong
    static Result<LoginForm> parse(std::string_view body);
};

struct RefreshForm {
    std::string refresh_token;
    static Result<RefreshForm> parse(std::string_view body);
};

struct PasswordForm {
    std::string current_password;
    std::string new_password;
    static Result<PasswordForm> parse(std::string_view body);
};

// An operator's: nobody has to know the old one.
struct ResetForm {
    wire::Email email;
    std::string password;
    static Result<ResetForm> parse(std::string_view body);
};

}  // namespace merlon::identity
