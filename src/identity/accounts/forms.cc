// Parses validated bodies into values.
#include "identity/accounts/forms.h"

#include <boost/json.hpp>

#include "api/body_schema.h"
#include "crypto/password_encoding.h"
#include "wire/json.h"
#include "wire/json_schema.h"
#include "wire/unicode.h"

namespace merlon::identity {
namespace {

class Members {
public:
    static Result<Members> of(std::string_view body) {
        return Members(MERLON_TRY(wire::parse_json(body)));
    }

    std::string text(std::string_view name) const {
        return std::string(value_.at(name).as_string());
    }

    std::optional<std::string> optional_text(std::string_view name) const {
        const auto* found = value_.as_object().if_contains(name);
        if (found == nullptr) return std::nullopt;
        return std::string(found->as_string());
    }

    Result<wire::Email> email() const { return wire::Email::parse(text("email")); }

    Secret secret(std::string_view name) const { return Secret(text(name)); }

    // Bytes, which a schema does not count: bcrypt reads no more of them (contract.md).
    Result<Secret> new_password(std::string_view name) const {
        Secret given = wire::to_nfc(secret(name));  // as it will be hashed
        if (given.size() <= crypto::bcrypt_password_bytes_max) return given;
        return fail(
            Kind::Invalid, "schema.violation", {},
            FieldErrors{{std::string(name), "\"" + std::string(name) +
                                                "\" length must be less than or equal to 72 "
                                                "bytes long"}});
    }

private:
    explicit Members(boost::json::value value) : value_(std::move(value)) {}
    boost::json::value value_;
};

}  // namespace

Result<Secret> validate_body(std::string_view schema, std::string_view body,
                             const api::NameSettings& names) {
    return Secret(MERLON_TRY(MERLON_TRY(api::compile_body_schema(schema, names)).filter(body)));
}

Result<RegisterForm> RegisterForm::parse(std::string_view body) {
    const Members members = MERLON_TRY(Members::of(body));
    return RegisterForm{MERLON_TRY(members.email()), MERLON_TRY(members.new_password("password")),
                        members.text("firstName"), members.text("lastName")};
}

Result<LoginForm> LoginForm::parse(std::string_view body) {
    const Members members = MERLON_TRY(Members::of(body));
    return LoginForm{MERLON_TRY(members.email()), members.secret("password")};
}

Result<RefreshForm> RefreshForm::parse(std::string_view body) {
    return RefreshForm{MERLON_TRY(Members::of(body)).text("refreshToken")};
}

Result<LogoutForm> LogoutForm::parse(std::string_view body) {
    if (body.empty()) return LogoutForm{};
    return LogoutForm{MERLON_TRY(Members::of(body)).optional_text("refreshToken")};
}

Result<PasswordForm> PasswordForm::parse(std::string_view body) {
    const Members members = MERLON_TRY(Members::of(body));
    return PasswordForm{members.secret("currentPassword"),
                        MERLON_TRY(members.new_password("newPassword"))};
}

Result<ResetForm> ResetForm::parse(std::string_view body) {
    const Members members = MERLON_TRY(Members::of(body));
    return ResetForm{MERLON_TRY(members.new_password("password"))};
}

}  // namespace merlon::identity
