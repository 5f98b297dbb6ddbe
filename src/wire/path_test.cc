// Tests of the path canonicaliser: every way to say one thing and mean another.
#include "wire/path.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

TEST(Path, HasOneFormOrIsRefused) {
    struct Case {
        std::string_view target;
        std::string_view path;  // or the rule
    };
    const Case cases[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/", "/a/"},
        {"/a?x=1&y=/../", "/a"},
        {"/%61dmin", "/admin"},  // needless escapes go
        {"/a%20b", "/a%20b"},
        {"/%c3%a9", "/%C3%A9"},
        {"/a%3ab", "/a:b"},
        {"/a.b/.c", "/a.b/.c"},
        {"http://h/a", "/a"},
        {"http://h", "/"},
        {"http://h?x", "/"},
        {"/public/../admin", "path.dot_segment"},
        {"/public/%2e%2e/admin", "path.dot_segment"},
        {"/public/.%2E/admin", "path.dot_segment"},
        {"/./a", "path.dot_segment"},
        {"/a/..", "path.dot_segment"},
        {"//admin", "path.empty_segment"},
        {"/a//b", "path.empty_segment"},
        {"/..%2fadmin", "path.forbidden_byte"},
        {"/a%5cb", "path.forbidden_byte"},
        {"/a\\b", "path.forbidden_byte"},
        {"/a%00", "path.forbidden_byte"},
        {"/a%0d%0aX:", "path.forbidden_byte"},
        {"/a;x=1", "path.parameter"},
        {"/a/..;/b", "path.parameter"},
        {"/a%3bx", "path.parameter"},
        {"/%252e%252e/a", "path.double_encoding"},
        {"/a%252fb", "path.double_encoding"},
        {"/a%25%32%65", "path.double_encoding"},  // its parts spelled apart
        {"/100%25", "/100%25"},                   // a percent sign is a name like others
        {"/a.", "path.trailing"},
        {"/a./b", "path.trailing"},
        {"/a%20", "path.trailing"},
        {"/a%2", "path.encoding"},
        {"/a%zz", "path.encoding"},
        {"/%c0%af", "path.encoding"},  // overlong slash
        {"/%ff", "path.encoding"},
        // What browsers leave raw, as the URL standard's path percent-encode set has it.
        {"/a[1]/b|c^d", "/a%5B1%5D/b%7Cc%5Ed"},
        {"/a%5B1%5D/b%7Cc%5Ed", "/a%5B1%5D/b%7Cc%5Ed"},
        {"/a\"b", "path.forbidden_byte"},  // and what they encode
        {"/a<b", "path.forbidden_byte"},
        {"/a>b", "path.forbidden_byte"},
        {"/a`b", "path.forbidden_byte"},
        {"/a{b}", "path.forbidden_byte"},
        {"/a b", "path.forbidden_byte"},
        {"/a\xc3\xa9", "path.forbidden_byte"},
        {"/a?b#c", "path.forbidden_byte"},
    };
    for (const auto& [target, expected] : cases) {
        std::string storage;
        const auto result = canonicalize(target, storage);
        EXPECT_EQ(result ? result->path : result.error().rule, expected) << target;
    }
}

TEST(Path, KeepsTheQueryAsItIs) {
    std::string storage;
    const auto target = canonicalize("/a?x=%2F..&y", storage);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->query, "x=%2F..&y");
    EXPECT_TRUE(canonicalize("/a?", storage)->has_query);
    EXPECT_FALSE(canonicalize("/a", storage)->has_query);
}

TEST(Path, IsNotCopiedWhenItIsCanonical) {
    std::string storage;
    const std::string_view target = "/catalog/items/1";
    EXPECT_EQ(canonicalize(target, storage)->path.data(), target.data());
}

TEST(Fold, TakesAwayWhatAnUpstreamMayIgnore) {
    struct Case {
        std::string_view path;
        std::string_view without_case;
        std::string_view without_slash;
        std::string_view without_both;
    };
    const Case cases[] = {
        {"/", "/", "/", "/"},
        {"/a", "/a", "/a", "/a"},
        {"/a/", "/a/", "/a", "/a"},
        {"/Admin", "/admin", "/Admin", "/admin"},
        {"/ADMIN/", "/admin/", "/ADMIN", "/admin"},
        {"/caf%C3%A9", "/caf%C3%A9", "/caf%C3%A9", "/caf%C3%A9"},  // the form patterns have
        {"/A%C3%A9B", "/a%C3%A9b", "/A%C3%A9B", "/a%C3%A9b"},
        {"/a/{userId}/B", "/a/{userId}/b", "/a/{userId}/B", "/a/{userId}/b"},
        {"/A/**", "/a/**", "/A/**", "/a/**"},
    };
    for (const auto& [path, without_case, without_slash, without_both] : cases) {
        EXPECT_EQ(fold(path, Folding::Case), without_case) << path;
        EXPECT_EQ(fold(path, Folding::Slash), without_slash) << path;
        EXPECT_EQ(fold(path, Folding::Both), without_both) << path;
        if (is_folded(path)) {
            EXPECT_EQ(path, without_both);
        }
    }
    EXPECT_TRUE(is_folded("/catalog/items/7"));
    EXPECT_TRUE(is_folded("/"));
    for (const std::string_view path : {"/A", "/a/Z", "/a/"}) EXPECT_FALSE(is_folded(path)) << path;
}

}  // namespace
}  // namespace merlon::wire
