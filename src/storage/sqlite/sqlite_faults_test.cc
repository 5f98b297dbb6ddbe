// SQLite on disks and files that fail: every failure is an answer that names the file, and what
// was acknowledged is still there afterwards.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

std::unique_ptr<SqliteDatabase> open(const std::filesystem::path& path) {
    auto database = SqliteDatabase::open(path);
    MERLON_ASSERT(database.has_value());
    return *std::move(database);
}

constexpr Sql create = "CREATE TABLE items (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT";
constexpr Sql insert_page = "INSERT INTO items (data) VALUES (randomblob(4000))";

TEST(SqliteFaults, AFullDiskLosesTheBatchAndNothingThatWasAcknowledged) {
    const TemporaryFolder folder;
    const auto database = open(folder / "test.db");
    ASSERT_TRUE(wait(database->transact_work(script(create))));
    ASSERT_TRUE(wait(database->transact_work(script("PRAGMA max_page_count = 20"))));
    int acknowledged = 0;
    int refused = 0;
    asio::io_context loop(1);
    for (int i = 0; i < 60; ++i) {
        spawn(loop.get_executor(), database->transact_work(script(insert_page)),
              [&](Result<> result) {
                  ++(result ? acknowledged : refused);
                  if (!result) EXPECT_EQ(result.error().rule, "storage.unavailable");
              });
    }
    loop.run();
    EXPECT_GT(refused, 0);
    EXPECT_EQ(count(*database), acknowledged);
    EXPECT_NE(database->take_failure().find((folder / "test.db").string()), std::string::npos);
    EXPECT_EQ(database->take_failure(), "");
    // With room again, it goes on without a restart.
    ASSERT_TRUE(wait(database->transact_work(script("PRAGMA max_page_count = 1000"))));
    EXPECT_TRUE(wait(database->transact_work(script(insert_page))));
}

TEST(SqliteFaults, ADamagedPageIsReportedWithTheNameOfTheFile) {
    const TemporaryFolder folder;
    {
        const auto database = open(folder / "test.db");
        ASSERT_TRUE(wait(database->transact_work(script(create))));
        for (int i = 0; i < 50; ++i) {
            ASSERT_TRUE(wait(database->transact_work(script(insert_page))));
        }
    }
    {
        std::fstream file(folder / "test.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);  // all pages but the first
        for (int i = 0; i < 40; ++i) file << std::string(4096, '\x5a');
    }
    const auto database = open(folder / "test.db");
    const Result<Rows> rows = wait(database->query("SELECT data FROM items"));
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, Kind::Corrupt);
    EXPECT_EQ(rows.error().rule, "storage.corrupt");
    EXPECT_NE(rows.error().detail.find((folder / "test.db").string()), std::string::npos);
    EXPECT_FALSE(wait(database->transact_work(script(insert_page))));
    EXPECT_NE(database->take_failure().find((folder / "test.db").string()), std::string::npos);
}

TEST(SqliteFaults, WhatIsNoDatabaseIsNotOpened) {
    const TemporaryFolder folder;
    std::ofstream(folder / "notes.txt") << std::string(8192, 'x');
    const auto text = SqliteDatabase::open(folder / "notes.txt");
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().rule, "storage.corrupt");
    EXPECT_NE(text.error().detail.find("notes.txt"), std::string::npos);
    const auto directory = SqliteDatabase::open(folder.path());
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().rule, "storage.unavailable");
}

// Root may write anywhere, so the test lets go of that right for a while.
class WithoutRoot {
public:
    WithoutRoot() { MERLON_ASSERT(::geteuid() != 0 || ::seteuid(65534) == 0); }
    ~WithoutRoot() { MERLON_ASSERT(::getuid() != 0 || ::seteuid(0) == 0); }
    WithoutRoot(const WithoutRoot&) = delete;
    WithoutRoot& operator=(const WithoutRoot&) = delete;
};

TEST(SqliteFaults, AFileThatCannotBeWrittenIsRefusedAtTheStart) {
    const TemporaryFolder folder;
    ASSERT_TRUE(wait(open(folder / "test.db")->transact_work(script(create))));
    ASSERT_EQ(::chmod((folder / "test.db").c_str(), 0400), 0);
    ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
    const WithoutRoot without_root;
    const auto database = SqliteDatabase::open(folder / "test.db");
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().rule, "storage.unavailable");
    EXPECT_NE(database.error().detail.find((folder / "test.db").string()), std::string::npos);
}

// In the child: writes until it is killed, and tells of every acknowledgement.
[[noreturn]] void write_for_ever(const std::filesystem::path& path, int acknowledgements) {
    const auto database = open(path);
    if (!wait(database->transact_work(script(create)))) ::_exit(2);
    while (wait(database->transact_work(script(insert_page)))) {
        if (::write(acknowledgements, "x", 1) != 1) break;
    }
    ::_exit(1);
}

TEST(SqliteFaults, AKilledProcessLosesNothingThatItAcknowledged) {
    const TemporaryFolder folder;
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_for_ever(folder / "test.db", ends[1]);
    ::close(ends[1]);
    char byte = 0;
    std::int64_t acknowledged = 0;
    while (acknowledged < 50 && ::read(ends[0], &byte, 1) == 1) ++acknowledged;
    ::kill(child, SIGKILL);
    while (::read(ends[0], &byte, 1) == 1) ++acknowledged;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));

    const auto database = open(folder / "test.db");
    EXPECT_GE(acknowledged, 50);
    EXPECT_GE(count(*database), acknowledged);  // at most one more: committed, not yet told
    EXPECT_LE(count(*database), acknowledged + 1);
    EXPECT_EQ(wait(database->query("PRAGMA integrity_check")).value()[0].text(0), "ok");
    EXPECT_TRUE(wait(database->transact_work(script(insert_page))));
}

}  // namespace
}  // namespace merlon::storage
