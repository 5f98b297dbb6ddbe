// Reading bodies field by field.
#include "identity/forms.h"

#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "crypto/password_encoding.h"
#include "wire/json.h"

namespace merlon::identity {
namespace {

namespace json = boost::json;

// Unicode code points: UTF-8 (which parse_json has checked) has one byte of another kind for each.
std::size_t length_of(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return count;
}

// The seed's pattern to the letter: one lower-case letter, one upper-case, one digit, one of
// @$!%*?&, and the first character of these four classes. The rest is anything but a line's end,
// which its `.` does not match.
bool follows_password_rule(std::string_view text) {
    constexpr std::string_view special = "@$!%*?&";
    const auto is_special = [special](char c) { return special.find(c) != std::string_view::npos; };
    bool lower = false;
    bool upper = false;
    bool digit = false;
    bool symbol = false;
    for (const char c : text) {
        lower |= c >= 'a' && c <= 'z';
        upper |= c >= 'A' && c <= 'Z';
        digit |= text::is_digit(c);
        symbol |= is_special(c);
    }
    const char first = text.empty() ? '\0' : text.front();
    return lower && upper && digit && symbol &&
           (text::is_alpha(first) || text::is_digit(first) || is_special(first));
}

class Form {
public:
    static Result<Form> parse(std::string_view body) {
        auto value = MERLON_TRY(wire::parse_json(body, {.bytes = 256 << 10, .depth = 16}));
        if (!value.is_object()) return Form({}, {{"", "\"value\" must be of type object"}});
        return Form(std::move(value.get_object()), {});
    }

    // The text of a required field; empty, with its fault noted, when it is not there.
    std::optional<std::string> text(std::string_view name, std::string_view empty_says = {}) {
        const json::value* value = object_.if_contains(name);
        if (value == nullptr) return say(name, "is required");
        if (!value->is_string()) return say(name, "must be a string");
        if (value->get_string().empty()) {
            return say(name, empty_says.empty() ? "is not allowed to be empty" : empty_says);
        }
        return std::string(value->get_string());
    }

    std::optional<wire::Email> email(std::string_view name) {
        const auto typed = text(name);
        if (!typed) return std::nullopt;
        auto parsed = wire::Email::parse(*typed);
        if (parsed) return *std::move(parsed);
        say(name, "must be a valid email");
        return std::nullopt;
    }

    // 2 to 50 characters, without control characters: a name stands in mails and on terminals.
    std::string name(std::string_view field) {
        const auto given = text(field);
        if (!given) return {};
        if (length_of(*given) < 2) say(field, "length must be at least 2 characters long");
        if (length_of(*given) > 50) {
            say(field, "length must be less than or equal to 50 characters long");
        }
        for (const char c : *given) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                say(field, "must not contain control characters");
                break;
            }
        }
        return *given;
    }

    std::string new_password(std::string_view field) {
        const auto given = text(field);
        if (!given) return {};
        if (length_of(*given) < 8) say(field, "length must be at least 8 characters long");
        if (given->size() > crypto::bcrypt_password_bytes_max) {
            say(field, "length must be less than or equal to 72 bytes long");
        }
        const bool has_control =
            given->find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos;
        if (has_control || !follows_password_rule(*given)) {
            faults_.push_back({std::string(field),
                               "Password must contain uppercase, lowercase, number, and special "
                               "character"});
        }
        return *given;
    }

    Result<> finish() {
        if (faults_.empty()) return {};
        return fail(Kind::Invalid, "schema.violation", {}, std::move(faults_));
    }

private:
    Form(json::object object, FieldErrors faults)
        : object_(std::move(object)), faults_(std::move(faults)) {}

    std::nullopt_t say(std::string_view field, std::string_view what) {
        faults_.push_back(
            {std::string(field), "\"" + std::string(field) + "\" " + std::string(what)});
        return std::nullopt;
    }

    json::object object_;
    FieldErrors faults_;
};

}  // namespace

Result<RegisterForm> RegisterForm::parse(std::string_view body) {
    Form form = MERLON_TRY(Form::parse(body));
    auto email = form.email("email");
    std::string password = form.new_password("password");
    std::string first_name = form.name("firstName");
    std::string last_name = form.name("lastName");
    MERLON_TRY(form.finish());
    return RegisterForm{*std::move(email), std::move(password), std::move(first_name),
                        std::move(last_name)};
}

Result<LoginForm> LoginForm::parse(std::string_view body) {
    Form form = MERLON_TRY(Form::parse(body));
    auto email = form.email("email");
    auto password = form.text("password");
    MERLON_TRY(form.finish());
    return LoginForm{*std::move(email), *std::move(password)};
}

Result<RefreshForm> RefreshForm::parse(std::string_view body) {
    Form form = MERLON_TRY(Form::parse(body));
    auto token = form.text("refreshToken");
    MERLON_TRY(form.finish());
    return RefreshForm{*std::move(token)};
}

Result<PasswordForm> PasswordForm::parse(std::string_view body) {
    Form form = MERLON_TRY(Form::parse(body));
    auto current = form.text("currentPassword");
    std::string fresh = form.new_password("newPassword");
    MERLON_TRY(form.finish());
    return PasswordForm{*std::move(current), std::move(fresh)};
}

Result<ResetForm> ResetForm::parse(std::string_view body) {
    Form form = MERLON_TRY(Form::parse(body));
    auto email = form.email("email");
    std::string password = form.new_password("password");
    MERLON_TRY(form.finish());
    return ResetForm{*std::move(email), std::move(password)};
}

}  // namespace merlon::identity
