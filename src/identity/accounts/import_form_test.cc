// One line of an import file: what is taken, and which rule refuses what is not.
#include "identity/accounts/import_form.h"

#include <gtest/gtest.h>

#include "crypto/password_encoding.h"

namespace merlon::identity {
namespace {

constexpr WallTime now{std::chrono::milliseconds{1'767'225'600'000}};  // 2026-01-01
const std::string id = "5f0c3a52-7c39-4d3c-9d8e-2f6b1a0c4e11";
const std::string hash = "$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

// A line with what every line has, and `more` behind it.
std::string line(const std::string& more = {}) {
    return R"({"id":")" + id + R"(","email":"a@b.example","firstName":"Ada","lastName":"King")" +
           more + "}";
}

// The same with another text for a part of it.
std::string with(std::string_view part, std::string_view instead) {
    std::string text = line();
    return text.replace(text.find(part), part.size(), instead);
}

TEST(ImportForm, TakesWhatIsThereAndHasDefaults) {
    const ImportForm form = ImportForm::make({});
    const auto least = form.parse(line(), now);
    ASSERT_TRUE(least) << least.error().rule;
    EXPECT_EQ(least->id, id);
    EXPECT_EQ(least->email.as_typed(), "a@b.example");
    EXPECT_EQ(least->first_name + least->last_name, "AdaKing");
    EXPECT_EQ(least->role, "user");
    EXPECT_EQ(least->hash, "");
    EXPECT_FALSE(least->created_at);
    EXPECT_TRUE(least->is_verified);

    const auto most =
        form.parse(line(R"(,"role":"admin","verified":false,"createdAt":"2024-01-02T03:04:05Z",)"
                        R"("hash":")" +
                        hash + "\"") +
                       "\r",
                   now);
    ASSERT_TRUE(most) << most.error().rule;
    EXPECT_EQ(most->role, "admin");
    EXPECT_EQ(most->hash, hash);
    EXPECT_EQ(most->created_at, WallTime{std::chrono::milliseconds{1'704'164'645'000}});
    EXPECT_FALSE(most->is_verified);
}

TEST(ImportForm, RefusesEachLineByTheRuleThatItBreaks) {
    const ImportForm form = ImportForm::make({});
    constexpr std::string_view schema = wire::schema_violation_rule;
    const std::string null(1, '\0');
    struct Case {
        std::string text;
        std::string_view rule;
    };
    const Case cases[] = {
        {"", "json.malformed"},
        {"id,email", "json.malformed"},
        {line() + line(), "json.malformed"},  // two in a line
        {line().substr(1), "json.malformed"},
        {"\xef\xbb\xbf" + line(), "json.malformed"},      // a mark in the middle
        {with("Ada", "\xff"), "json.malformed"},          // Latin-1
        {with("Ada", "\xed\xa0\x80"), "json.malformed"},  // a surrogate
        {with("Ada", null), "json.malformed"},
        {line(R"(,"id":"x")"), "json.duplicate_key"},
        {line(R"(,"\u0069d":"x")"), "json.duplicate_key"},  // the same name
        {"[" + line() + "]", ImportForm::line_rule},
        {"null", ImportForm::line_rule},
        {line(R"(,"role":")" + std::string(9'000, 'x') + "\""), ImportForm::line_rule},
        {line(R"(,"passwordHash":"x")"), ImportForm::field_rule},
        {line(R"(,"hash":{"a":{"b":1}})"), "json.too_deep"},
        {line(R"(,"Hash":"x")"), ImportForm::field_rule},
        {line(R"(,"":1)"), ImportForm::field_rule},
        {with('"' + id + '"', "17"), schema},  // a number of the old table
        {with(id, "17"), ImportForm::id_rule},
        {with(id, "507f1f77bcf86cd799439011"), ImportForm::id_rule},
        {with(id, "{" + id + "}"), ImportForm::id_rule},
        {with(id, "5F0C3A52-7C39-4D3C-9D8E-2F6B1A0C4E11"), ImportForm::id_rule},
        {with(id, ""), schema},
        {with(id, id + "\\u0000"), ImportForm::id_rule},
        {with("id", "Id"), ImportForm::field_rule},
        {with("a@b.example", "no address"), schema},
        {with(R"("a@b.example")", "null"), schema},
        {with("Ada", "A"), schema},
        {with("Ada", "\xe2\x80\x8b\xe2\x80\x8b"), schema},  // shows nothing
        {with("Ada", R"(A\u0007a)"), schema},
        {with("King", std::string(51, 'x')), schema},
        {R"({"id":")" + id + "\"}", schema},
        {line(R"(,"role":null)"), schema},
        {line(R"(,"role":1)"), schema},
        {line(R"(,"hash":"")"), schema},
        {line(R"(,"hash":null)"), schema},
        {line(R"(,"hash":"secret")"), crypto::password_kind_rule},
        {line(R"(,"hash":"$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")"),
         crypto::password_cost_rule},
        {line(R"(,"hash":"$2b$12$N9qo8u")"), crypto::password_encoding_rule},
        {line(R"(,"createdAt":1704164645)"), schema},
        {line(R"(,"createdAt":"2024-01-02")"), schema},
        {line(R"(,"createdAt":"2026-01-01T00:00:00.001Z")"), ImportForm::created_rule},
        {line(R"(,"createdAt":"1969-12-31T23:59:59Z")"), ImportForm::created_rule},
        {line(R"(,"verified":"true")"), schema},
        {line(R"(,"verified":1)"), schema},
    };
    for (const auto& [text, rule] : cases) {
        const auto parsed = form.parse(text, now);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().rule, rule) << text;
    }
}

TEST(ImportForm, RepeatsNoValueOfTheLine) {
    const ImportForm form = ImportForm::make({});
    for (const std::string& text :
         {line(R"(,"hash":"$2b$12$SECRET")"), line(R"(,"hash":"SECRET")"), with(id, "SECRET"),
          with("a@b.example", "SECRET"), line(R"(,"createdAt":"SECRET")"), line(R"(SECRET)"),
          line(R"(,"verified":"SECRET")"),
          line(",\"SECRET" + std::string(40, 'x') + R"(":"SECRET")")}) {
        const auto parsed = form.parse(text, now);
        ASSERT_FALSE(parsed) << text;
        EXPECT_FALSE(parsed.error().detail.contains("SECRET")) << parsed.error().detail;
        const auto* fields = std::get_if<FieldErrors>(&parsed.error().payload);
        if (fields == nullptr) continue;
        for (const FieldError& one : *fields) EXPECT_FALSE(one.message.contains("SECRET")) << text;
    }
}

TEST(ImportForm, JudgesNamesAsTheInstallationSays) {
    EXPECT_TRUE(ImportForm::make({.length_min = 1}).parse(with("Ada", "\xe4\xbc\x9f"), now));
    EXPECT_FALSE(ImportForm::make({}).parse(with("Ada", "\xe4\xbc\x9f"), now));
}

}  // namespace
}  // namespace merlon::identity
