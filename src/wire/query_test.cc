// Queries: what is read, and what is refused.
#include "wire/query.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

TEST(Query, GivesDecodedParameters) {
    const Query query = Query::parse("limit=20&q=oak+desk%21&empty=&flag&&u=%C3%A9").value();
    for (const auto& [name, value] : {
             std::pair{"limit", "20"},
             {"q", "oak desk!"},
             {"empty", ""},
             {"flag", ""},
             {"u", "\xc3\xa9"},
         }) {
        ASSERT_NE(query.find(name), nullptr) << name;
        EXPECT_EQ(*query.find(name), value);
    }
    EXPECT_EQ(query.find("absent"), nullptr);
    EXPECT_TRUE(Query::parse(""));
}

TEST(Query, RefusesWhatTwoReadersWouldReadDifferently) {
    std::string many;
    for (int i = 0; i < 33; ++i) many += "p" + std::to_string(i) + "=1&";
    for (const std::string& text : {
             std::string("a=1&a=2"),
             std::string("a=1&%61=2"),
             std::string("a=%"),
             std::string("a=%4"),
             std::string("a=%zz"),
             std::string("a=%00"),
             std::string("a=%0d%0a"),
             std::string("a=%ff"),
             std::string("a=%c0%80"),
             std::string("a=%ed%a0%80"),
             std::string("a=%c2%9b"),
             std::string("=1"),
             many,
         }) {
        const auto query = Query::parse(text);
        ASSERT_FALSE(query) << text;
        EXPECT_EQ(query.error().rule, "query.malformed");
    }
}

}  // namespace
}  // namespace merlon::wire
