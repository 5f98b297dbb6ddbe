// Migrations: once each, whole, in order, whoever starts them.
#include "storage/migrations.h"

#include <gtest/gtest.h>

#include <thread>

#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

constexpr Migration first{1, "things", "CREATE TABLE things (id INTEGER PRIMARY KEY) STRICT"};
constexpr Migration second{2, "names", "ALTER TABLE things ADD COLUMN name TEXT"};

class Migrations : public testing::Test {
protected:
    Migrations() : database_(open()) {}
    std::unique_ptr<SqliteDatabase> open() {
        auto database = SqliteDatabase::open(folder_ / "test.db");
        MERLON_ASSERT(database.has_value());
        return *std::move(database);
    }
    Result<> run(std::vector<Migration> migrations, std::string_view role = "test") {
        return wait(migrate(*database_, clock_, role, migrations));
    }
    std::string applied() {
        const Rows rows = wait(database_->query("SELECT role, number, name FROM schema_migrations "
                                                "ORDER BY role, number"))
                              .value();
        std::string out;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            out += rows[i].text(0) + std::to_string(rows[i].integer(1)) + rows[i].text(2) + " ";
        }
        return out;
    }

    TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<SqliteDatabase> database_;
};

TEST_F(Migrations, RunOnceEachAndOnlyWhatIsMissing) {
    ASSERT_TRUE(run({first}));
    ASSERT_TRUE(run({first}));
    ASSERT_TRUE(run({first, second}));
    ASSERT_TRUE(run({first, second}));
    EXPECT_EQ(applied(), "test1things test2names ");
    EXPECT_TRUE(wait(database_->query("SELECT name FROM things")));
}

TEST_F(Migrations, OfDifferentRolesShareOneFile) {
    ASSERT_TRUE(run({first}));
    ASSERT_TRUE(run({{1, "others", "CREATE TABLE others (id INTEGER) STRICT"}}, "other"));
    EXPECT_EQ(applied(), "other1others test1things ");
}

TEST_F(Migrations, ThatFailLeaveNothingBehind) {
    const Migration broken{2, "broken",
                           "CREATE TABLE half (id INTEGER) STRICT; CREATE TABLE things (id)"};
    EXPECT_EQ(run({first, broken}).error().rule, "storage.schema");
    EXPECT_EQ(applied(), "test1things ");
    EXPECT_EQ(wait(database_->query("SELECT id FROM half")).error().rule, "storage.schema");
    EXPECT_TRUE(run({first, second}));  // the repaired release goes on from there
}

TEST_F(Migrations, ThatWereEditedAfterTheyRanAreRefused) {
    ASSERT_TRUE(run({first}));
    const Migration edited{1, "things",
                           "CREATE TABLE things (id INTEGER PRIMARY KEY, x TEXT) STRICT"};
    EXPECT_EQ(run({edited}).error().rule, "storage.schema_changed");
}

TEST_F(Migrations, OfANewerReleaseAreToleratedWhenCompatibleAndRefusedWhenBreaking) {
    ASSERT_TRUE(run({first, second}));
    EXPECT_TRUE(run({first}));  // the older release in a rolling upgrade
    const Migration breaking{3, "drop", "DROP TABLE things", Compatibility::Breaking};
    ASSERT_TRUE(run({first, second, breaking}));
    EXPECT_EQ(run({first, second}).error().rule, "storage.schema_newer");
}

TEST_F(Migrations, RunOnceWhenTwoProcessesStartTogether) {
    // Two databases on one file stand for two processes: only the file's lock is between them.
    const std::vector<Migration> migrations = {first, second};
    const auto other = open();
    Result<> others;
    std::thread thread([&] { others = wait(migrate(*other, clock_, "test", migrations)); });
    const Result<> ours = run(migrations);
    thread.join();
    EXPECT_TRUE(ours) << ours.error().detail;
    EXPECT_TRUE(others) << others.error().detail;
    EXPECT_EQ(applied(), "test1things test2names ");
}

Task<> change(Transaction& transaction, bool refused) {
    const events::Event event{.type = events::Type::Login,
                              .severity = events::Severity::Info,
                              .time = FakeClock().wall(),
                              .user_id = "550e8400-e29b-41d4-a716-446655440000",
                              .ip = "203.0.113.7",
                              .details = {}};
    MERLON_CO_TRY(co_await append_event(transaction, "auth", event, Blob{"sealed"}));
    if (refused) co_return fail(Kind::Denied, "test.refused");
    co_return Result<>{};
}

TEST_F(Migrations, MakeTheOutboxWhoseEventsShareTheFateOfTheirChange) {
    const auto outbox = outbox_migrations();
    ASSERT_TRUE(run({outbox.begin(), outbox.end()}, outbox_role));
    ASSERT_FALSE(wait(database_->transact_work([](Transaction& tx) { return change(tx, true); })));
    ASSERT_TRUE(wait(database_->transact_work([](Transaction& tx) { return change(tx, false); })));
    const Rows rows =
        wait(database_->query("SELECT role, event, sealed_ip FROM event_outbox")).value();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].text(0), "auth");
    EXPECT_NE(rows[0].text(1).find("550e8400-e29b-41d4-a716-446655440000"), std::string::npos);
    EXPECT_EQ(rows[0].blob(2), "sealed");
    EXPECT_EQ(folder_.all_bytes().find("203.0.113.7"), std::string::npos);
}

TEST_F(Migrations, AreReportedWithoutBeingRun) {
    constexpr Migration edited{1, "things", "CREATE TABLE things (id TEXT PRIMARY KEY) STRICT"};
    struct Case {
        std::vector<Migration> known;
        std::string says;
    };
    const auto reported = [&](const std::vector<Migration>& known) {
        std::string says;
        for (const auto& one : wait(report_migrations(*database_, "test", known)).value()) {
            constexpr std::string_view names[] = {"applied", "pending", "changed", "newer"};
            says += std::to_string(one.number) + one.name + " " +
                    std::string(names[static_cast<int>(one.state)]) + " ";
            EXPECT_EQ(one.applied_at.has_value(), one.state != MigrationState::Pending);
        }
        return says;
    };
    EXPECT_EQ(reported({first, second}), "1things pending 2names pending ");  // no table at all
    EXPECT_FALSE(wait(database_->query("SELECT 1 FROM schema_migrations")));
    ASSERT_TRUE(run({first}));
    ASSERT_TRUE(run({{1, "others", "CREATE TABLE others (id INTEGER) STRICT"}}, "other"));
    EXPECT_EQ(reported({first, second}), "1things applied 2names pending ");
    ASSERT_TRUE(run({first, second}));
    const Case cases[] = {
        {{first, second}, "1things applied 2names applied "},
        {{first}, "1things applied 2names newer "},
        {{edited, second}, "1things changed 2names applied "},
    };
    for (const auto& [known, says] : cases) EXPECT_EQ(reported(known), says);
}

}  // namespace
}  // namespace merlon::storage
