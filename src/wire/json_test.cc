// Tests of the JSON guard, with the public parsing corpus where it is at hand.
#include "wire/json.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace merlon::wire {
namespace {

TEST(Json, RefusesWhatReadersUnderstandDifferently) {
    struct Case {
        std::string text;
        std::string_view rule;  // empty: accepted
    };
    const Case cases[] = {
        {R"({"a":1,"b":{"a":2}})", ""},
        {R"({"a:b":":"})", ""},
        {R"({"a\":":1})", ""},
        {R"({"a":1,"a":2})", "json.duplicate_key"},
        {R"({"a":1,"\u0061":2})", "json.duplicate_key"},  // the same key, spelled otherwise
        {R"([{"x":{"a":1,"a":1}}])", "json.duplicate_key"},
        {"1e400", "json.number"},
        {"[-1e999]", "json.number"},
        {"\xef\xbb\xbf{}", "json.malformed"},  // BOM
        {"{} {}", "json.malformed"},
        {"NaN", "json.malformed"},
        {"[1,]", "json.malformed"},
        {"{/**/}", "json.malformed"},
        {"\"\xff\"", "json.malformed"},
        {R"("\ud800")", "json.malformed"},  // lone surrogate
        {"", "json.malformed"},
        {std::string(33, '[') + std::string(33, ']'), "json.too_deep"},
        {std::string(100'000, '['), "json.too_deep"},
        {"\"" + std::string(1 << 20, 'a') + "\"", "json.too_large"},
    };
    for (const auto& [text, rule] : cases) {
        const auto value = parse_json(text);
        EXPECT_EQ(value ? "" : value.error().rule, rule) << text.substr(0, 60);
    }
}

TEST(Json, AgreesWithThePublicParsingCorpus) {
    const char* from_environment = std::getenv("MERLON_CORPORA");
    const std::filesystem::path corpora = from_environment ? from_environment : "../shared/corpora";
    const auto folder = corpora / "json" / "test_parsing";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no corpus at " << folder;
    // Well-formed by the letter of RFC 8259, refused on purpose.
    const std::set<std::string> refused = {"y_object_duplicated_key.json",
                                           "y_object_duplicated_key_and_value.json"};
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(file), {});
        const bool accepted = parse_json(text).has_value();
        if (name.starts_with("y_")) {
            EXPECT_EQ(accepted, !refused.contains(name)) << name;
        } else if (name.starts_with("n_")) {
            EXPECT_FALSE(accepted) << name;
        }
        ++count;
    }
    EXPECT_GT(count, 300);
}

}  // namespace
}  // namespace merlon::wire
