// Reading a database, or several, as they were at one moment.
#include "storage/open/open_snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/open/open_database.h"
#include "storage/postgres/postgres_session.h"
#include "storage/postgres/postgres_test_kit.h"
#include "storage/snapshot.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

struct Store {
    std::string name;
    DatabaseSettings (*make)(const TemporaryFolder& folder, std::string_view name);
};

PostgresTestServer& postgres() {
    static PostgresTestServer server;  // one for all tests: it takes seconds to start
    return server;
}

const Store stores[] = {
    {"Sqlite",
     [](const TemporaryFolder& folder, std::string_view name) -> DatabaseSettings {
         return SqliteSettings{(folder / name).string()};
     }},
    {"Postgres",
     [](const TemporaryFolder&, std::string_view) -> DatabaseSettings {
         return postgres().make_database();
     }},
};

Task<> set(Transaction& transaction, std::int64_t number) {
    MERLON_CO_TRY(co_await transaction.query("UPDATE steps SET number = $1", {number}));
    co_return Result<>{};
}

class Snapshots : public testing::TestWithParam<Store> {
protected:
    // With a table of one number: how often something was done.
    std::unique_ptr<Database> make(std::string_view name) {
        settings_.push_back(GetParam().make(folder_, name));
        auto database = open_database(settings_.back(), clock_, entropy_).value();
        EXPECT_TRUE(
            wait(database->transact_work(script("CREATE TABLE steps (number INTEGER PRIMARY KEY); "
                                                "INSERT INTO steps (number) VALUES (0)"))));
        return database;
    }
    static std::int64_t number(Database& database) {
        return wait(database.query("SELECT number FROM steps")).value()[0].integer(0);
    }
    static Result<> set_to(Database& database, std::int64_t number) {
        return wait(database.transact_work(
            [number](Transaction& transaction) { return set(transaction, number); }));
    }

    const SystemClock clock_;
    SystemEntropy entropy_;
    TemporaryFolder folder_;
    std::vector<DatabaseSettings> settings_;
};

TEST_P(Snapshots, ShowWhatWasThereWhileOthersWrite) {
    const auto database = make("one");
    const auto snapshot = open_snapshot(settings_[0], clock_).value();
    ASSERT_TRUE(set_to(*database, 7));
    EXPECT_EQ(number(*snapshot), 0);
    EXPECT_EQ(number(*open_snapshot(settings_[0], clock_).value()), 7);
}

TEST_P(Snapshots, CannotBeWrittenTo) {
    const auto database = make("one");
    const auto snapshot = open_snapshot(settings_[0], clock_).value();
    EXPECT_EQ(set_to(*snapshot, 7).error().rule, read_only_rule);
}

// A step is done in the first, then in the second, each for itself, as an order takes its stock.
TEST_P(Snapshots, OfSeveralAreOfTheSameMoment) {
    const auto first = make("first");
    const auto second = make("second");
    const SnapshotSource sources[] = {{settings_[0], {"steps"}}, {settings_[1], {"steps"}}};
    std::atomic<bool> is_over = false;
    std::jthread steps([&] {
        for (std::int64_t step = 1; !is_over; ++step) {
            ASSERT_TRUE(set_to(*first, step));
            ASSERT_TRUE(set_to(*second, step));
        }
    });
    for (int i = 0; i < 50; ++i) {
        const auto snapshots = open_snapshots(sources, clock_).value();
        const std::int64_t ahead = number(*snapshots[0]) - number(*snapshots[1]);
        EXPECT_TRUE(ahead == 0 || ahead == 1) << ahead;
    }
    is_over = true;
}

INSTANTIATE_TEST_SUITE_P(Each, Snapshots, testing::ValuesIn(stores),
                         [](const auto& info) { return info.param.name; });

// A database with a table of ours and one of somebody else, and somebody who changes rows.
class PostgresPause : public testing::Test {
protected:
    void SetUp() override {
        auto database = open_database(settings_, clock_, entropy_).value();
        ASSERT_TRUE(
            wait(database->transact_work(script("CREATE TABLE steps (number INTEGER PRIMARY KEY); "
                                                "INSERT INTO steps (number) VALUES (0); "
                                                "CREATE TABLE theirs (number INTEGER)"))));
    }
    std::unique_ptr<PostgresSession> begin() {
        return PostgresSession::begin(settings_, Isolation::ByRow, clock_).value();
    }
    std::int64_t waiting() {
        return begin()
            ->query("SELECT count(*) FROM pg_locks WHERE NOT granted")
            .value()[0]
            .integer(0);
    }

    const SystemClock clock_;
    SystemEntropy entropy_;
    std::shared_ptr<const PostgresSettings> settings_ = postgres().make_database();
    const std::vector<std::string> ours_{"steps", "never_made"};
};

TEST_F(PostgresPause, LeavesTheTablesOfOthersAlone) {
    const auto others = begin();
    ASSERT_TRUE(others->query("LOCK TABLE theirs IN ACCESS EXCLUSIVE MODE"));
    const auto pause = pause_postgres(settings_, ours_, clock_, {.tries_max = 1});
    ASSERT_TRUE(pause) << pause.error().detail;
    const auto writer = begin();
    ASSERT_TRUE(writer->query("SELECT set_config('lock_timeout', '1', true)"));
    EXPECT_FALSE(writer->query("UPDATE steps SET number = 1"));
}

TEST_F(PostgresPause, TriesAgainWhenALockIsNotHadInTime) {
    auto writer = begin();
    ASSERT_TRUE(writer->query("UPDATE steps SET number = 1"));
    std::jthread until_one_try_is_over([&] {
        while (waiting() == 0) std::this_thread::yield();
        while (waiting() != 0) std::this_thread::yield();
        writer.reset();
    });
    const auto pause = pause_postgres(settings_, ours_, clock_);
    EXPECT_TRUE(pause) << pause.error().detail;
}

TEST_F(PostgresPause, SaysWhatToDoWhenSomebodyNeverStops) {
    const auto writer = begin();
    ASSERT_TRUE(writer->query("UPDATE steps SET number = 1"));
    const auto pause = pause_postgres(
        settings_, ours_, clock_, {std::chrono::milliseconds{20}, 2, std::chrono::milliseconds{1}});
    ASSERT_FALSE(pause);
    EXPECT_EQ(pause.error().kind, Kind::Unavailable);
    EXPECT_NE(pause.error().detail.find("pg_stat_activity"), std::string::npos)
        << pause.error().detail;
}

}  // namespace
}  // namespace merlon::storage
