// What a manifest says is what was written, or it is refused.
#include "operations/backup/manifest.h"

#include <gtest/gtest.h>

namespace merlon::operations {
namespace {

Manifest sample() {
    return {.part = Part::Data,
            .backup = "0123456789abcdef",
            .store = "aa",
            .master = "bb",
            .release = "0.1.0",
            .taken_at = "2026-01-01T00:00:00.000Z",
            .schema = {{"auth", 5}, {"users", 2}},
            .files = {{"data.db", 4096, "cc", {"auth", "users"}}},
            .tables = {{"auth", "accounts", 3, "dd"}, {"users", "profiles", 1, "ee"}}};
}

TEST(Manifest, IsReadAsItWasWritten) {
    const Manifest read = parse_manifest(to_json(sample())).value();
    EXPECT_EQ(to_json(read), to_json(sample()));
    EXPECT_EQ(read.part, Part::Data);
    EXPECT_EQ(read.schema.at("auth"), 5);
    EXPECT_EQ(read.files.front().roles, (std::vector<std::string>{"auth", "users"}));
    EXPECT_EQ(read.tables, sample().tables);
}

TEST(Manifest, OfWhichAnyByteIsAnotherOrMissingIsRefused) {
    const std::string text = to_json(sample());
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(parse_manifest(changed)) << i;
        EXPECT_FALSE(parse_manifest(text.substr(0, i))) << i;
        EXPECT_FALSE(parse_manifest(text.substr(i + 1))) << i;
    }
    EXPECT_EQ(parse_manifest(text + " ").error().rule, damaged_rule);
}

TEST(Manifest, NamesFilesOfItsOwnFolderOnly) {
    for (const std::string_view name : {"../data.db", "/etc/passwd", "", ".", "..", ".hidden",
                                        "a/b", "a b", "-x\n", "d\xc3\xa9.db"}) {
        Manifest manifest = sample();
        manifest.files.front().name = name;
        EXPECT_EQ(parse_manifest(to_json(manifest)).error().rule, damaged_rule) << name;
    }
    Manifest without = sample();
    without.files.clear();
    EXPECT_FALSE(parse_manifest(to_json(without)));
}

}  // namespace
}  // namespace merlon::operations
