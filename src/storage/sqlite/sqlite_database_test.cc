// What SQLite adds to the contract: shared commits, limits, and files that are full, read-only,
// damaged or left behind by a killed process.
#include "storage/sqlite/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/steady_timer.hpp>
#include <latch>
#include <thread>

#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

std::unique_ptr<SqliteDatabase> open(const std::filesystem::path& path, SqliteLimits limits = {}) {
    auto database = SqliteDatabase::open(path, limits);
    if (!database) ADD_FAILURE() << database.error().detail;
    return database ? *std::move(database) : nullptr;
}

constexpr Sql create = "CREATE TABLE items (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT";
constexpr Sql insert = "INSERT INTO items (data) VALUES (randomblob(100))";

// Holds the writing thread until released, so that a test decides what gathers behind it.
class Block {
public:
    explicit Block(Database& database)
        : thread_([this, &database] {
              const Result<> done = wait(database.transact_work([this](Transaction& transaction) {
                  running_.count_down();
                  release_.wait();
                  return transaction.run_script("SELECT 1");
              }));
              EXPECT_TRUE(done);
          }) {
        running_.wait();
    }
    ~Block() { release(); }
    void release() {
        if (!thread_.joinable()) return;
        release_.count_down();
        thread_.join();
    }

private:
    std::latch running_{1};
    std::latch release_{1};
    std::thread thread_;
};

TEST(SqliteDatabase, SharesOneCommitAmongAllThatWait) {
    const TemporaryFolder folder;
    const auto database = open(folder / "test.db");
    ASSERT_TRUE(wait(database->transact_work(script(create))));
    const std::size_t before = database->commits();
    asio::io_context loop(1);
    int done = 0;
    Block block(*database);
    for (int i = 0; i < 200; ++i) {
        spawn(loop.get_executor(), database->transact_work(script(insert)),
              [&](Result<> result) { done += result ? 1 : 0; });
    }
    loop.poll();
    EXPECT_EQ(done, 0);
    block.release();
    loop.run();
    EXPECT_EQ(done, 200);
    EXPECT_EQ(count(*database), 200);
    EXPECT_LE(database->commits() - before, 2U);  // the blocking one, and one for all the others
}

TEST(SqliteDatabase, RefusesWhatItsQueueCannotHold) {
    const TemporaryFolder folder;
    const auto database = open(folder / "test.db", {.waiting_max = 3});
    ASSERT_TRUE(wait(database->transact_work(script(create))));
    asio::io_context loop(1);
    std::vector<std::string_view> rules;
    Block block(*database);
    for (int i = 0; i < 5; ++i) {
        spawn(loop.get_executor(), database->transact_work(script(insert)),
              [&](Result<> result) { rules.push_back(result ? "done" : result.error().rule); });
    }
    loop.poll();
    EXPECT_EQ(rules, (std::vector<std::string_view>{"storage.busy", "storage.busy"}));
    block.release();
    loop.run();
    EXPECT_EQ(count(*database), 3);
}

TEST(SqliteDatabase, RunsWhatWaitsWhenItStopsAndRefusesWhatComesLater) {
    const TemporaryFolder folder;
    const auto database = open(folder / "test.db");
    ASSERT_TRUE(wait(database->transact_work(script(create))));
    {
        asio::io_context loop(1);  // destroyed before the writer comes to their work
        for (int i = 0; i < 20; ++i) {
            spawn(loop.get_executor(), database->transact_work(script(insert)));
        }
        loop.poll();
    }
    database->stop();
    EXPECT_EQ(wait(database->transact_work(script(insert))).error().rule, "storage.unavailable");
    EXPECT_EQ(wait(database->query("SELECT 1")).error().rule, "storage.unavailable");
    EXPECT_EQ(count(*open(folder / "test.db")), 20);
}

TEST(SqliteDatabase, MakesFilesThatOnlyTheirOwnerCanRead) {
    const TemporaryFolder folder;
    const auto mode = [&](std::string_view name) {
        struct stat status{};
        EXPECT_EQ(::stat((folder / name).c_str(), &status), 0) << name;
        return status.st_mode & 0777;
    };
    const mode_t mask = ::umask(0);
    auto database = open(folder / "data/test.db");
    ASSERT_TRUE(wait(database->transact_work(script(create))));
    EXPECT_EQ(mode("data"), 0700U);
    for (const char* name : {"data/test.db", "data/test.db-wal", "data/test.db-shm"}) {
        EXPECT_EQ(mode(name), 0600U) << name;
    }
    database.reset();
    ASSERT_EQ(::chmod((folder / "data/test.db").c_str(), 0644), 0);
    database = open(folder / "data/test.db");
    EXPECT_EQ(mode("data/test.db"), 0600U);
    ::umask(mask);
}

TEST(SqliteDatabase, TakesFromOthersTheRightToReplaceItsFiles) {
    const TemporaryFolder folder;
    const struct {
        mode_t before, after;
    } cases[] = {{0777, 0775}, {0757, 0755}, {0755, 0755}, {0775, 0775}, {01777, 01777}};
    for (const auto& [before, after] : cases) {
        ASSERT_EQ(::chmod(folder.path().c_str(), before), 0);
        open(folder / "test.db");
        struct stat status{};
        ASSERT_EQ(::stat(folder.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, after) << std::oct << before;
    }
}

Task<std::string> settings(Transaction& transaction) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "SELECT (SELECT journal_mode FROM pragma_journal_mode) || ' ' || "
        "(SELECT synchronous FROM pragma_synchronous) || ' ' || "
        "(SELECT foreign_keys FROM pragma_foreign_keys) || ' ' || "
        "(SELECT trusted_schema FROM pragma_trusted_schema)"));
    co_return rows[0].text(0);
}

TEST(SqliteDatabase, SyncsEveryCommitAndTrustsNoSchema) {
    const TemporaryFolder folder;
    const auto database = open(folder / "test.db");
    EXPECT_EQ(wait(database->transact<std::string>(settings)).value(), "wal 2 1 0");
}

TEST(SqliteDatabase, ErasesDeletedBytesFromItsFiles) {
    const TemporaryFolder folder;
    const auto database = open(folder / "test.db");
    ASSERT_TRUE(wait(database->transact_work(script(create))));
    ASSERT_TRUE(wait(database->transact_work(
        script("INSERT INTO items (data) VALUES (CAST('deleted-key-bytes' AS BLOB))"))));
    EXPECT_NE(folder.all_bytes().find("deleted-key-bytes"), std::string::npos);
    ASSERT_TRUE(wait(database->transact_work(script("DELETE FROM items"))));
    // The journal follows when the writer has been idle for half a second.
    for (int i = 0; i < 100; ++i) {
        if (folder.all_bytes().find("deleted-key-bytes") == std::string::npos) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "the deleted bytes are still in the file or its journal";
}

Task<> wait_for_a_timer(Transaction&) {
    asio::steady_timer timer(co_await current_executor(), std::chrono::milliseconds(1));
    co_await timer.async_wait(as_result);
    co_return Result<>{};
}

TEST(SqliteDatabaseDeathTest, StopsTheProcessWhenAWorkWaitsForAnythingElse) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const TemporaryFolder folder;
    EXPECT_DEATH((void)wait(open(folder / "test.db")->transact_work(wait_for_a_timer)),
                 "has_value");
}

}  // namespace
}  // namespace merlon::storage
