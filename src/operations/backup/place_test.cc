// Two places that have nothing in common, and folders that have their name only once they are
// whole.
#include "operations/backup/place.h"

#include <gtest/gtest.h>

#include <fstream>

#include "storage/test_kit.h"

namespace merlon::operations {
namespace {

namespace fs = std::filesystem;

TEST(Places, HaveNothingInCommon) {
    const storage::TemporaryFolder folder;
    fs::create_directories(folder / "a/b");
    fs::create_directory_symlink("a", folder / "link");
    struct Case {
        std::string data;
        std::string keys;
        bool is_apart;
    };
    const Case cases[] = {
        {"a", "c", true},           {"a/b", "a/c", true},     {"a", "ab", true},
        {"a", "a", false},          {"a", "a/", false},       {"a", "a/b", false},
        {"a/b", "a", false},        {"a", "./c/../a", false}, {"a", "link", false},
        {"link/b", "a", false},     {"a", "link/new", false}, {"new", "new/x/y", false},
        {"a", "a/b/../../c", true},
    };
    for (const auto& [data, keys, is_apart] : cases) {
        const auto done = require_apart({(folder / data).string(), (folder / keys).string()});
        EXPECT_EQ(done.has_value(), is_apart) << data << " " << keys;
    }
    EXPECT_EQ(require_apart({"", "a"}).error().rule, places_rule);
    EXPECT_EQ(require_apart({"a", ""}).error().rule, places_rule);
    EXPECT_FALSE(require_apart({(folder / "a").string(), "/"}));
}

TEST(Draft, HasItsNameOnlyOnceItIsWhole) {
    const storage::TemporaryFolder folder;
    const auto draft = Draft::open(folder / "place", "merlon-data-1").value();
    std::ofstream(draft->folder() / "file") << "x";
    EXPECT_FALSE(fs::exists(folder / "place/merlon-data-1"));
    EXPECT_EQ(draft->folder().filename(), ".merlon-data-1.partial");
    EXPECT_EQ(fs::status(draft->folder()).permissions(), fs::perms::owner_all);
    ASSERT_TRUE(draft->finish());
    EXPECT_TRUE(fs::exists(folder / "place/merlon-data-1/file"));
    EXPECT_FALSE(fs::exists(folder / "place/.merlon-data-1.partial"));
}

TEST(Draft, IsGoneUnlessItWasFinished) {
    const storage::TemporaryFolder folder;
    const fs::path written = Draft::open(folder / "place", "merlon-data-1").value()->folder();
    EXPECT_FALSE(fs::exists(written));
}

TEST(Draft, IsOneAtATimeInAPlace) {
    const storage::TemporaryFolder folder;
    const auto draft = Draft::open(folder / "place", "merlon-data-1").value();
    EXPECT_EQ(Draft::open(folder / "place", "merlon-data-2").error().rule, busy_rule);
    EXPECT_TRUE(Draft::open(folder / "other", "merlon-data-2"));
}

TEST(Draft, RemovesWhatKilledOnesLeftAndNothingElse) {
    const storage::TemporaryFolder folder;
    fs::create_directories(folder / "place/.merlon-keys-0.partial");
    fs::create_directories(folder / "place/.merlon-keys-0");
    fs::create_directories(folder / "place/merlon-keys-0");
    fs::create_directories(folder / "elsewhere");
    std::ofstream(folder / "elsewhere/file") << "x";
    fs::create_directory_symlink(folder / "elsewhere", folder / "place/.merlon-x.partial");
    ASSERT_TRUE(Draft::open(folder / "place", "merlon-keys-1"));
    EXPECT_FALSE(fs::exists(folder / "place/.merlon-keys-0.partial"));
    EXPECT_TRUE(fs::exists(folder / "place/.merlon-keys-0"));
    EXPECT_TRUE(fs::exists(folder / "place/merlon-keys-0"));
    EXPECT_TRUE(fs::exists(folder / "elsewhere/file"));
}

}  // namespace
}  // namespace merlon::operations
