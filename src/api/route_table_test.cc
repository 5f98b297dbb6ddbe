// Tests of route matching.
#include "api/route_table.h"

#include <gtest/gtest.h>

namespace merlon::api {
namespace {

using wire::Method;

RouteTable<std::string> table_of(std::initializer_list<std::string_view> patterns) {
    RouteTable<std::string> table;
    for (const auto pattern : patterns) {
        EXPECT_TRUE(table.add(pattern, {Method::Get}, std::string(pattern))) << pattern;
    }
    return table;
}

TEST(RouteTable, TheMostSpecificPatternWins) {
    const auto table = table_of(
        {"/", "/a/**", "/a/{id}", "/a/b", "/a/{id}/c", "/a/b/**", "/d/{x}/{y}", "/e/", "/f"});
    struct Case {
        std::string_view path;
        std::string_view pattern;  // empty: none
    };
    const Case cases[] = {
        {"/", "/"},
        {"/a", "/a/**"},
        {"/a/b", "/a/b"},
        {"/a/x", "/a/{id}"},
        {"/a/x/c", "/a/{id}/c"},
        {"/a/b/c", "/a/b/**"},
        {"/a/x/y", "/a/**"},
        {"/a/", "/a/**"},
        {"/d/1/2", "/d/{x}/{y}"},
        {"/d/1", ""},
        {"/e/", "/e/"},
        {"/e", ""},
        {"/f", "/f"},
        {"/f/", ""},
        {"/A/b", ""},  // case matters
        {"/ab", ""},
        {"/nothing", ""},
    };
    for (const auto& [path, pattern] : cases) {
        const auto match = table.find(Method::Get, path);
        EXPECT_EQ(match.route ? *match.route : "", pattern) << path;
    }
    EXPECT_EQ(table.find(Method::Get, "/d/1/2").parameters[1], "2");
}

TEST(RouteTable, GivesHeadToWhoNamesItElseToGet) {
    using enum Method;
    for (const bool get_is_first : {true, false}) {
        api::RouteTable<std::string> table;
        if (get_is_first) ASSERT_TRUE(table.add("/a", {Get}, "get"));
        ASSERT_TRUE(table.add("/a", {Head}, "head"));
        if (!get_is_first) ASSERT_TRUE(table.add("/a", {Get}, "get"));
        EXPECT_EQ(*table.find(Head, "/a").route, "head");
        EXPECT_EQ(*table.find(Get, "/a").route, "get");
        EXPECT_FALSE(table.add("/a", {Head}, "another"));
    }
    api::RouteTable<std::string> table;
    EXPECT_TRUE(table.add("/both", {Get, Head}, "both"));
}

TEST(RouteTable, TellsAWrongMethodFromAnUnknownPath) {
    const auto table = table_of({"/a"});
    EXPECT_NE(table.find(Method::Head, "/a").route, nullptr);
    const auto wrong = table.find(Method::Post, "/a");
    EXPECT_EQ(wrong.route, nullptr);
    EXPECT_EQ(allow_text(wrong.methods), "GET, HEAD, OPTIONS");
    EXPECT_EQ(table.find(Method::Post, "/b").methods, 0);
}

TEST(RouteTable, AMoreSpecificPatternWithoutTheMethodGivesWay) {
    RouteTable<std::string> table;
    ASSERT_TRUE(table.add("/a/**", {Method::Get}, "read"));
    ASSERT_TRUE(table.add("/a/items", {Method::Post}, "write"));
    EXPECT_EQ(*table.find(Method::Get, "/a/items").route, "read");
    EXPECT_EQ(*table.find(Method::Post, "/a/items").route, "write");
    EXPECT_EQ(table.find(Method::Put, "/a/items").route, nullptr);
    EXPECT_EQ(allow_text(table.find(Method::Put, "/a/items").methods), "GET, HEAD, POST, OPTIONS");
}

TEST(RouteTable, RefusesWhatIsNoPattern) {
    RouteTable<int> table;
    for (const std::string_view bad : {"", "a", "/a//b", "/../a", "/**/a", "/{}", "/{a", "/a*",
                                       "/a?b", "/%61", "/a;b", "/{a}b"}) {
        const auto added = table.add(bad, {Method::Get}, 1);
        ASSERT_FALSE(added) << bad;
        EXPECT_EQ(added.error().rule, "route.pattern");
    }
    EXPECT_TRUE(table.add("/x", {Method::Get}, 1));
    EXPECT_EQ(table.add("/x", {Method::Get}, 2).error().rule, "route.duplicate");
    EXPECT_TRUE(table.add("/x", {Method::Post}, 2));
}

}  // namespace
}  // namespace merlon::api
