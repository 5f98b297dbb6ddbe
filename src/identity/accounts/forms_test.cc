// Tests of the request bodies that identity parses.
#include "identity/accounts/forms.h"

#include <gtest/gtest.h>

namespace merlon::identity {
namespace {

// As the request path does it.
template <class Form>
Result<Form> valid_form(std::string_view body) {
    const Secret valid = MERLON_TRY(validate_body(Form::schema, body, {}));
    return Form::parse(valid.reveal());
}

std::string register_body(std::string_view member, std::string_view value) {
    std::string body =
        R"({"email":"ada@example.com","password":"Horse$Battery9","firstName":"Ada","lastName":"Lovelace"})";
    const std::string name = "\"" + std::string(member) + "\":\"";
    const std::size_t begin = body.find(name) + name.size() - 1;
    const std::size_t end = body.find('"', begin + 1);
    return body.replace(begin, end - begin + 1, value);
}

// The first fault's message; "ok" without one; the rule for what is no form at all.
std::string verdict(std::string_view body) {
    const auto form = valid_form<RegisterForm>(body);
    if (form) return "ok";
    const auto* faults = std::get_if<FieldErrors>(&form.error().payload);
    return faults != nullptr ? faults->front().message : std::string(form.error().rule);
}

TEST(RegisterForm, SaysWhatIsWrongInJoisWords) {
    const std::string rule =
        "Password must contain uppercase, lowercase, number, and special character";
    struct Case {
        std::string_view member;
        std::string value;
        std::string message;
    };
    const Case cases[] = {
        {"firstName", R"("Ad")", "ok"},
        {"firstName", R"("A")", R"("firstName" length must be at least 2 characters long)"},
        {"firstName", "\"" + std::string(50, 'x') + "\"", "ok"},
        {"firstName", "\"" + std::string(51, 'x') + "\"",
         R"("firstName" length must be less than or equal to 50 characters long)"},
        {"lastName", R"("毛泽")", "ok"},  // characters, not bytes
        {"lastName", R"("毛")", R"("lastName" length must be at least 2 characters long)"},
        {"lastName", R"("")", R"("lastName" is not allowed to be empty)"},
        {"lastName", "null", R"("lastName" must be a string)"},
        {"lastName", R"("a\r\nb")",
         R"("lastName" fails to match the required pattern: /^[^\x00-\x1f\x7f]*$/)"},
        {"email", R"("ada")", R"("email" must be a valid email)"},
        {"email", "{}", R"("email" must be a string)"},
        {"password", R"("Ab1$xyz")", R"("password" length must be at least 8 characters long)"},
        {"password", R"("horse$battery9")", rule},
        {"password", R"("HORSE$BATTERY9")", rule},
        {"password", R"("Horse$Battery")", rule},
        {"password", R"("HorseBattery9")", rule},
        {"password", R"("#Horse$Battery9")", rule},  // the first character counts too
        {"password", R"("Horse$ Battery 9 #")", "ok"},
        {"password", R"("Horse$Bat\u0000tery9")", rule},  // would end crypt_r's string
        {"password", "\"Aa1$" + std::string(68, 'x') + "\"", "ok"},
        {"password", "\"Aa1$" + std::string(69, 'x') + "\"",
         R"("password" length must be less than or equal to 72 bytes long)"},
    };
    for (const auto& [member, value, message] : cases) {
        EXPECT_EQ(verdict(register_body(member, value)), message) << value;
    }
}

TEST(RegisterForm, ListsAllFaultsAtOnceAndNeverAPassword) {
    const auto form = valid_form<RegisterForm>(R"({"password":"secret"})");
    ASSERT_FALSE(form);
    const auto& faults = std::get<FieldErrors>(form.error().payload);
    ASSERT_EQ(faults.size(), 5U);
    EXPECT_EQ(faults[0].message, R"("email" is required)");
    for (const FieldError& fault : faults) {
        EXPECT_EQ(fault.message.find("secret"), std::string::npos);
    }
}

TEST(Forms, RefuseWhatIsNoObject) {
    EXPECT_EQ(verdict("[]"), "\"value\" must be of type object");
    EXPECT_EQ(verdict(""), "json.malformed");
    EXPECT_EQ(verdict(R"({"email":"a@b.co","email":"c@d.co"})"), "json.duplicate_key");
    EXPECT_FALSE(valid_form<LoginForm>(R"({"email":"a@b.co"})"));
    EXPECT_FALSE(valid_form<RefreshForm>(R"({"refreshToken":{"$ne":""}})"));
    EXPECT_FALSE(valid_form<PasswordForm>(R"({"currentPassword":"x","newPassword":"short"})"));
}

TEST(LoginForm, TakesAnyPassword) {
    for (const std::string_view password : {"x", "no rule", "毛"}) {
        const auto form = valid_form<LoginForm>(R"({"email":"a@b.co","password":")" +
                                                std::string(password) + R"("})");
        ASSERT_TRUE(form) << password;
        EXPECT_EQ(form->password.reveal(), password);
    }
}

}  // namespace
}  // namespace merlon::identity
