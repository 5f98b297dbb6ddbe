// Schemas: Joi's words for what they refuse, and no keyword that is not enforced.
#include "wire/json_schema.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

JsonSchema schema_of(std::string_view text) {
    auto schema = JsonSchema::compile(text);
    EXPECT_TRUE(schema) << text << (schema ? "" : schema.error().detail);
    return *std::move(schema);
}

// "field: message" of each violation, or the body that goes on.
std::string judge(const JsonSchema& schema, std::string_view body) {
    const auto filtered = schema.filter(body);
    if (filtered) return *filtered;
    if (filtered.error().rule != "schema.violation") return std::string(filtered.error().rule);
    std::string out;
    for (const auto& [field, message] : std::get<FieldErrors>(filtered.error().payload)) {
        if (!out.empty()) out += "; ";
        out.append(field).append(": ").append(message);
    }
    return out;
}

TEST(JsonSchema, SpeaksJoisWords) {
    struct Case {
        std::string_view schema, body, outcome;
    };
    const Case cases[] = {
        {R"({"type":"string"})", "5", R"(: "value" must be a string)"},
        {R"({"type":"string"})", R"("")", R"("")"},
        {R"({"type":"string","minLength":2})", R"("")", R"(: "value" is not allowed to be empty)"},
        {R"({"type":"string","minLength":2})", R"("a")",
         R"(: "value" length must be at least 2 characters long)"},
        {R"({"type":"string","maxLength":2})", R"("abc")",
         R"(: "value" length must be less than or equal to 2 characters long)"},
        {R"({"type":"string","maxLength":2})", R"("\ud83d\ude00é")",
         "\"\xf0\x9f\x98\x80é\""},  // code points, neither bytes nor UTF-16 units
        {R"({"type":"string","pattern":"^a+$"})", R"("b")",
         R"(: "value" fails to match the required pattern: /^a+$/)"},
        {R"({"type":"string","pattern":"b"})", R"("abc")", R"("abc")"},  // not anchored
        {R"({"type":"string","minLength":3,"pattern":"^x"})", R"("ab")",
         R"(: "value" length must be at least 3 characters long; )"
         R"(: "value" fails to match the required pattern: /^x/)"},  // all of them
        {R"({"type":"string","format":"email"})", R"("x")", R"(: "value" must be a valid email)"},
        {R"({"type":"string","format":"uuid"})", R"("x")", R"(: "value" must be a valid GUID)"},
        {R"({"type":"string","format":"date-time"})", R"("2026-02-29T00:00:00Z")",
         R"(: "value" must be in ISO 8601 date format)"},
        {R"({"type":"number"})", R"("5")", R"(: "value" must be a number)"},
        {R"({"type":"number"})", "1.50", "1.5"},
        {R"({"type":"number"})", "9007199254740993", R"(: "value" must be a safe number)"},
        {R"({"type":"number","minimum":1,"maximum":2.5})", "0",
         R"(: "value" must be greater than or equal to 1)"},
        {R"({"type":"number","minimum":1,"maximum":2.5})", "3",
         R"(: "value" must be less than or equal to 2.5)"},
        {R"({"type":"integer"})", "1.5", R"(: "value" must be an integer)"},
        {R"({"type":"integer"})", R"("1")", R"(: "value" must be a number)"},
        {R"({"type":"integer"})", "1.0", "1"},
        {R"({"type":"boolean"})", "0", R"(: "value" must be a boolean)"},
        {R"({"type":["string","null"]})", "null", "null"},
        {R"({"type":["string","null"]})", "1", R"(: "value" must be a string)"},
        {R"({"type":"null"})", "1", R"(: "value" must be null)"},
        {R"({"enum":["user","admin"]})", R"("root")", R"(: "value" must be one of [user, admin])"},
        {R"({"enum":[1,null,"a"]})", "2", R"(: "value" must be one of [1, null, a])"},
        {R"({"enum":[1]})", "1.0", "1"},
        {R"({"type":"array","items":{"type":"number"},"minItems":2})", "[1]",
         R"(: "value" must contain at least 2 items)"},
        {R"({"type":"array","items":{"type":"number"},"maxItems":1})", R"([1,"x"])",
         R"(: "value" must contain less than or equal to 1 items; )"
         R"(1: "[1]" must be a number)"},
        {R"({"type":"object","properties":{}})", "[]", R"(: "value" must be of type object)"},
        {R"({"type":"object","properties":{}})", "{", "json.malformed"},
        {R"({"type":"object","properties":{}})", R"({"a":1,"\u0061":2})", "json.duplicate_key"},
    };
    for (const auto& [schema, body, outcome] : cases) {
        EXPECT_EQ(judge(schema_of(schema), body), outcome) << schema << body;
    }
}

constexpr std::string_view order_schema = R"({"type":"object","required":["items","email"],
    "properties":{
      "items":{"type":"array","minItems":1,"items":{"type":"object","required":["id"],
        "properties":{"id":{"type":"string","format":"uuid"},"count":{"type":"integer"}}}},
      "email":{"type":"string","format":"email"},
      "free":{"type":"object","additionalProperties":true}}})";

TEST(JsonSchema, NamesNestedPlacesAndKeepsTheSchemasOrder) {
    EXPECT_EQ(judge(schema_of(order_schema), R"({"email":1,"items":[{"id":"x"},{"count":1.5}]})"),
              R"(items.0.id: "items[0].id" must be a valid GUID; )"
              R"(items.1.id: "items[1].id" is required; )"
              R"(items.1.count: "items[1].count" must be an integer; )"
              R"(email: "email" must be a string)");
}

TEST(JsonSchema, StripsWhatIsNotDeclaredAtEveryDepth) {
    EXPECT_EQ(
        judge(schema_of(order_schema),
              R"({"role":"admin","items":[{"id":"018f6b1e-0000-7000-8000-000000000000","x":1}],)"
              R"("email":"a@b.example","__proto__":{"x":1},"free":{"any":[1,{"x":null}]}})"),
        R"({"items":[{"id":"018f6b1e-0000-7000-8000-000000000000"}],"email":"a@b.example",)"
        R"("free":{"any":[1,{"x":null}]}})");
}

TEST(JsonSchema, ReportsAHundredViolationsAndNoMore) {
    std::string body = "[0";
    for (int i = 0; i < 5'000; ++i) body += ",0";
    const auto schema = schema_of(R"({"type":"array","items":{"type":"string"}})");
    const auto filtered = schema.filter(body + "]");
    ASSERT_FALSE(filtered);
    EXPECT_EQ(std::get<FieldErrors>(filtered.error().payload).size(), 100U);
}

TEST(JsonSchema, AHostilePatternCostsLinearTime) {
    const auto schema = schema_of(R"({"type":"string","pattern":"^(a+)+$"})");
    EXPECT_NE(judge(schema, "\"" + std::string(200'000, 'a') + "b\"").find("fails to match"),
              std::string::npos);
}

TEST(JsonSchema, RefusesToCompileWhatItWouldNotEnforce) {
    struct Case {
        std::string_view schema, detail;  // how the detail begins
    };
    const Case cases[] = {
        {"[]", "/: a schema is an object"},
        {"{}", "/: a schema names its type"},
        {R"({"minLength":2})", "/minLength: says nothing of this type"},
        {R"({"type":"string","minimum":2})", "/minimum: says nothing of this type"},
        {R"({"type":"string","multipleOf":2})", "/multipleOf: this keyword is not supported"},
        {R"({"type":"string","a/b~":2})", "/a~1b~0: this keyword is not supported"},
        {R"({"type":"string","format":"ipv4"})", "/format: is none of"},
        {R"({"type":"string","pattern":"(?=a)b"})", "/pattern: invalid perl operator"},
        {R"-({"type":"string","pattern":"(((a{100}){100}){100})"})-", "/pattern: "},
        {R"({"type":"string","minLength":-1})", "/minLength: must be a whole number"},
        {R"({"type":"string","minLength":1.5})", "/minLength: must be a whole number"},
        {R"({"type":"number","minimum":"1"})", "/minimum: must be a number"},
        {R"({"type":"text"})", "/type: no such type"},
        {R"({"type":[]})", "/type: names no type"},
        {R"({"enum":[]})", "/enum: must be a list"},
        {R"({"type":"array"})", "/: an array says what its items are"},
        {R"({"type":"object"})", "/: an object has properties"},
        {R"({"type":"object","properties":[]})", "/properties: must be an object"},
        {R"({"type":"object","properties":{"a":{"type":"x"}}})", "/properties/a/type: no such"},
        {R"({"type":"object","properties":{"a":true}})", "/properties/a: a schema is an object"},
        {R"({"type":"object","properties":{},"required":["a"]})", "/required: names what"},
        {R"({"type":"object","properties":{},"required":"a"})", "/required: must be a list"},
        {R"({"type":"object","properties":{},"additionalProperties":{}})",
         "/additionalProperties: must be true or false"},
    };
    for (const auto& [schema, detail] : cases) {
        const auto compiled = JsonSchema::compile(schema);
        ASSERT_FALSE(compiled) << schema;
        EXPECT_EQ(compiled.error().rule, "schema.invalid");
        EXPECT_TRUE(compiled.error().detail.starts_with(detail)) << compiled.error().detail;
    }
    EXPECT_EQ(JsonSchema::compile("{").error().rule, "json.malformed");
}

}  // namespace
}  // namespace merlon::wire
