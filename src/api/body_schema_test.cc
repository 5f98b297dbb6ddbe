// Tests of schemas as an installation has them.
#include "api/body_schema.h"

#include <gtest/gtest.h>

namespace merlon::api {
namespace {

TEST(BodySchema, SetsTheLeastLengthOfNamesOfPeopleAndNothingElse) {
    constexpr std::string_view schema = R"({"type": "object", "properties": {
        "firstName": {"type": "string", "format": "person-name", "minLength": 2},
        "title": {"type": "string", "format": "visible-text", "minLength": 2}}})";
    const struct {
        int length_min;
        std::string_view body;
        std::size_t violations;
    } cases[] = {
        {2, R"({"firstName": "A", "title": "B"})", 2},
        {1, R"({"firstName": "A", "title": "B"})", 1},
        {1, R"({"firstName": "", "title": "Bc"})", 1},
        {3, R"({"firstName": "Al", "title": "Bc"})", 1},
        {1, R"({"firstName": "A", "title": "Bc"})", 0},
        {1, "{\"firstName\": \"\u200b\", \"title\": \" \u2060\"}", 2},
    };
    for (const auto& [length_min, body, violations] : cases) {
        const auto filtered = compile_body_schema(schema, {length_min}).value().filter(body);
        ASSERT_EQ(filtered.has_value(), violations == 0) << body;
        if (filtered) continue;
        EXPECT_EQ(std::get<FieldErrors>(filtered.error().payload).size(), violations) << body;
    }
}

}  // namespace
}  // namespace merlon::api
