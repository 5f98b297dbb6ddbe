// Tests of files that change: what is whole is taken once, what is not leaves the old in force.
#include "net/file_watch.h"

#include <gtest/gtest.h>

#include <map>

namespace merlon::net {
namespace {

class FakeFiles final : public FileStamps {
public:
    FileStamp stamp(const std::string& path) const override {
        const auto found = all.find(path);
        return found == all.end() ? FileStamp{} : found->second;
    }
    void write(const std::string& path) { all[path].modified_ns = ++times; }
    std::map<std::string, FileStamp> all;
    std::int64_t times = 0;
};

struct Watched {
    FakeFiles files;
    int renewals = 0;
    std::string broken;  // why renewing fails
    std::vector<std::string> lines;
    FileWatch watch;

    Watched()
        : watch((files.write("a.crt"), files.write("a.key"),
                 std::vector<std::string>{"a.crt", "a.key"}),
                files,
                [this]() -> Result<> {
                    if (!broken.empty()) return fail(Kind::Invalid, "tls.key", broken);
                    ++renewals;
                    return {};
                },
                [this](const std::string& line) { lines.push_back(line); }) {}

    int renewals_after(int ticks) {
        for (int i = 0; i < ticks; ++i) watch.tick();
        return renewals;
    }
};

TEST(FileWatch, ReadsChangedFilesOnceWhenTheyStandStill) {
    Watched watched;
    EXPECT_EQ(watched.renewals_after(5), 0);
    watched.files.write("a.key");
    EXPECT_EQ(watched.renewals_after(1), 0) << "the other file may follow";
    watched.files.write("a.crt");
    EXPECT_EQ(watched.renewals_after(1), 0);
    EXPECT_EQ(watched.renewals_after(1), 1);
    EXPECT_EQ(watched.renewals_after(5), 1);
    EXPECT_EQ(watched.lines.size(), 1U);
    // Any member of the stamp is a change; a mounted secret has another inode and the same times.
    watched.files.all["a.crt"].inode = 7;
    EXPECT_EQ(watched.renewals_after(2), 2);
    watched.files.all.erase("a.crt");
    EXPECT_EQ(watched.renewals_after(2), 3) << "whether a file may be absent is its reader's";
}

TEST(FileWatch, KeepsTheOldWhileTheNewDoesNotFitAndSaysSoOnce) {
    Watched watched;
    watched.broken = "a.key is not the key of a.crt";
    watched.files.write("a.key");
    EXPECT_EQ(watched.renewals_after(10), 0);
    ASSERT_EQ(watched.lines.size(), 1U);
    EXPECT_NE(watched.lines[0].find(watched.broken), std::string::npos);
    watched.broken = "a.crt: no start line";  // another reason is another line
    EXPECT_EQ(watched.renewals_after(10), 0);
    EXPECT_EQ(watched.lines.size(), 2U);
    watched.broken.clear();  // also when no file tells of it, such as a permission
    EXPECT_EQ(watched.renewals_after(1), 1);
    EXPECT_EQ(watched.renewals_after(5), 1);
    EXPECT_EQ(watched.lines.size(), 3U);
}

TEST(FileWatch, OfWhatComesBackAsItWasDoesNothing) {
    Watched watched;
    const auto before = watched.files.all;
    watched.files.write("a.key");
    watched.watch.tick();
    watched.files.all = before;
    EXPECT_EQ(watched.renewals_after(5), 0);
}

}  // namespace
}  // namespace merlon::net
