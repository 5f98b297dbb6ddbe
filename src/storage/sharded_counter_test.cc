// A sharded counter in both databases: exact while many threads change it and others fold.
#include "storage/sharded_counter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/migrations.h"
#include "storage/postgres/postgres_test_kit.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

constexpr ShardedCounter counter = {
    .take =
        "DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT 7) "
        "RETURNING counted, difference",
    .add =
        "INSERT INTO totals (counted, items) VALUES ($1, $2) "
        "ON CONFLICT (counted) DO UPDATE SET items = totals.items + $2"};

Task<> change(Transaction* transaction, std::string counted, std::int64_t difference) {
    MERLON_CO_TRY(
        co_await transaction->query("INSERT INTO changes (counted, difference) VALUES ($1, $2)",
                                    {std::move(counted), difference}));
    co_return Result<>{};
}

class ShardedCounterOf : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (GetParam() == std::string_view("Sqlite")) {
            database_ = SqliteDatabase::open(folder_ / "test.db").value();
        } else {
            static PostgresTestServer server;  // one for all tests: it takes seconds to start
            database_ = open_postgres(server.make_database()).value();
        }
        constexpr Migration migrations[] = {{1, "counts", R"(
            CREATE TABLE totals (counted TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT;
            CREATE TABLE changes (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                counted TEXT NOT NULL,
                difference INTEGER NOT NULL
            ) STRICT)"}};
        ASSERT_TRUE(wait(migrate(*database_, clock_, "test", migrations)));
    }

    void change_by(const std::string& counted, std::int64_t difference) {
        ASSERT_TRUE(wait(database_->transact_work([=, this](Transaction& transaction) {
            ++runs_;
            return change(&transaction, counted, difference);
        })));
    }

    // Of each, so many, from several threads; meanwhile `fold_also` until all are through.
    void change_together(int threads, int times, bool fold_also) {
        std::atomic<int> at_work{threads};
        std::vector<std::jthread> all;
        for (int thread = 0; thread < threads; ++thread) {
            all.emplace_back([&, thread] {
                for (int i = 0; i < times; ++i) change_by(thread % 2 == 0 ? "a" : "b", 1);
                --at_work;
            });
        }
        for (int i = 0; fold_also && i < 2; ++i) {
            all.emplace_back([&] {
                while (at_work > 0) ASSERT_TRUE(wait(fold(database_.get(), counter)));
            });
        }
    }

    std::string sums(Sql of) {
        const Rows rows = wait(database_->query(of)).value();
        std::string text;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            text += rows[i].text(0) + "=" + std::to_string(rows[i].integer(1)) + " ";
        }
        return text;
    }
    std::string counts() {
        return sums(
            "SELECT counted, SUM(n) FROM (SELECT counted, items AS n FROM totals UNION ALL "
            "SELECT counted, difference FROM changes) AS both_tables "
            "GROUP BY counted ORDER BY counted");
    }
    std::string totals() { return sums("SELECT counted, items FROM totals ORDER BY counted"); }

    TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<Database> database_;
    std::atomic<int> runs_{0};
};

TEST_P(ShardedCounterOf, CountsThatCameBackToNothingLeaveNothing) {
    change_by("a", 1);
    change_by("b", 1);
    change_by("a", -1);
    EXPECT_EQ(counts(), "a=0 b=1 ");
    EXPECT_EQ(totals(), "");
    ASSERT_TRUE(wait(fold(database_.get(), counter)));
    EXPECT_EQ(totals(), "b=1 ");
    EXPECT_EQ(counts(), "b=1 ");
}

TEST_P(ShardedCounterOf, ChangesOfManyAtOnceNeverWaitForEachOtherNorRunAgain) {
    change_together(8, 25, false);
    EXPECT_EQ(runs_, 200);
    ASSERT_TRUE(wait(fold(database_.get(), counter)));
    EXPECT_EQ(totals(), "a=100 b=100 ");
}

TEST_P(ShardedCounterOf, StaysExactWhileSeveralFold) {
    change_together(6, 25, true);
    EXPECT_EQ(counts(), "a=75 b=75 ");
    ASSERT_TRUE(wait(fold(database_.get(), counter)));
    EXPECT_EQ(totals(), "a=75 b=75 ");
}

INSTANTIATE_TEST_SUITE_P(Stores, ShardedCounterOf, testing::Values("Sqlite", "Postgres"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace merlon::storage
