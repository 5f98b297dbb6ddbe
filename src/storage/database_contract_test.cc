// What every Database promises, whatever stands behind the port. An adapter adds a row to `stores`.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/postgres/postgres_test_kit.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

struct Store {
    std::string name;
    std::unique_ptr<Database> (*open)(const TemporaryFolder& folder);
};

const Store stores[] = {
    {"Sqlite",
     [](const TemporaryFolder& folder) -> std::unique_ptr<Database> {
         auto database = SqliteDatabase::open(folder / "test.db");
         MERLON_ASSERT(database.has_value());
         return *std::move(database);
     }},
    {"Postgres",
     [](const TemporaryFolder&) -> std::unique_ptr<Database> {
         static PostgresTestServer server;  // one for all tests: it takes seconds to start
         auto database = open_postgres(server.make_database());
         MERLON_ASSERT(database.has_value());
         return *std::move(database);
     }},
};

Task<> create(Transaction& transaction) {
    co_return co_await transaction.run_script(
        "CREATE TABLE items (name TEXT PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount >= 0));"
        "CREATE TABLE parts (item TEXT NOT NULL REFERENCES items (name))");
}

Task<> insert(Transaction& transaction, std::string name, std::int64_t amount) {
    MERLON_CO_TRY(co_await transaction.query("INSERT INTO items (name, amount) VALUES ($1, $2)",
                                             {std::move(name), amount}));
    co_return Result<>{};
}

Database::Work inserting(std::string name, std::int64_t amount = 0) {
    return [name = std::move(name), amount](Transaction& transaction) {
        return insert(transaction, name, amount);
    };
}

class DatabaseContract : public testing::TestWithParam<Store> {
protected:
    DatabaseContract() : database_(GetParam().open(folder_)) {
        EXPECT_TRUE(wait(database_->transact_work(create)));
    }

    std::int64_t count() {
        return wait(database_->query("SELECT count(*) FROM items")).value()[0].integer(0);
    }

    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
};

TEST_P(DatabaseContract, GivesBackEveryKindOfValue) {
    const std::string bytes("\0\xff$1'\"", 6);
    const Parameters values = {std::int64_t{-9'223'372'036'854'775'807},
                               "h\xc3\xa9 \"';--",
                               Blob{bytes},
                               std::monostate{},
                               "",
                               Blob{""}};
    const Rows rows = wait(database_->query("SELECT $2, $1, $3, $4, $5, $6, $1", values)).value();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].text(0), "h\xc3\xa9 \"';--");  // by number, not by first appearance
    EXPECT_EQ(rows[0].integer(1), -9'223'372'036'854'775'807);
    EXPECT_EQ(rows[0].blob(2), bytes);
    EXPECT_TRUE(rows[0].is_null(3));
    EXPECT_EQ(rows[0].text(4), "");
    EXPECT_EQ(rows[0].blob(5), "");  // empty bytes are not NULL
    EXPECT_EQ(rows[0].integer(6), rows[0].integer(1));
}

Task<std::int64_t> add(Transaction& transaction, std::string name, std::int64_t step) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO items (name, amount) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET amount = items.amount + $2 RETURNING amount",
        {std::move(name), step}));
    co_return rows[0].integer(0);
}

Task<std::int64_t> add_in_transaction(Database& database, std::string name, std::int64_t step) {
    co_return co_await database.transact<std::int64_t>(
        [name, step](Transaction& transaction) { return add(transaction, name, step); });
}

TEST_P(DatabaseContract, GivesBackTheValueOfATransaction) {
    EXPECT_EQ(wait(add_in_transaction(*database_, "a", 2)).value(), 2);
    EXPECT_EQ(wait(add_in_transaction(*database_, "a", 5)).value(), 7);
}

Task<> insert_then_refuse(Transaction& transaction) {
    MERLON_CO_TRY(co_await insert(transaction, "refused", 1));
    co_return fail(Kind::Denied, "test.refused");
}

TEST_P(DatabaseContract, RollsBackWhatARefusedWorkDid) {
    EXPECT_EQ(wait(database_->transact_work(insert_then_refuse)).error().rule, "test.refused");
    EXPECT_EQ(count(), 0);
}

Task<> insert_twice_and_ignore_it(Transaction& transaction) {
    MERLON_CO_TRY(co_await insert(transaction, "a", 1));
    (void)co_await insert(transaction, "a", 2);
    (void)co_await insert(transaction, "b", 3);
    co_return Result<>{};
}

TEST_P(DatabaseContract, NeverCommitsAfterAFailedStatementWhateverTheWorkReturns) {
    EXPECT_EQ(wait(database_->transact_work(insert_twice_and_ignore_it)).error().rule,
              "storage.unique");
    EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, SaysWhichKindOfConstraintAStatementBroke) {
    struct Case {
        Database::Work work;
        Kind kind;
        std::string_view rule;
    };
    const Case cases[] = {
        {inserting("a"), Kind::Conflict, "storage.unique"},
        {inserting("b", -1), Kind::Conflict, "storage.constraint"},  // CHECK
        {[](Transaction& tx) { return tx.run_script("INSERT INTO parts VALUES ('none')"); },
         Kind::Conflict, "storage.constraint"},  // foreign key
        {[](Transaction& tx) { return tx.run_script("INSERT INTO nowhere VALUES (1)"); },
         Kind::Corrupt, "storage.schema"},
        {[](Transaction& tx) { return tx.run_script("UPDATE items SET amount = \"7\""); },
         Kind::Corrupt, "storage.schema"},  // a quoted name is never a string
    };
    ASSERT_TRUE(wait(database_->transact_work(inserting("a"))));
    for (const auto& [work, kind, rule] : cases) {
        const Result<> result = wait(database_->transact_work(work));
        ASSERT_FALSE(result) << rule;
        EXPECT_EQ(result.error().rule, rule) << result.error().detail;
        EXPECT_EQ(result.error().kind, kind) << result.error().detail;
    }
    EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, KeepsARefusalFromTheOthersOfItsBatch) {
    asio::io_context loop(1);
    int succeeded = 0;
    int refused = 0;
    for (int i = 0; i < 60; ++i) {  // two of three ask for a name that is taken
        spawn(loop.get_executor(), database_->transact_work(inserting(std::to_string(i / 3))),
              [&](Result<> done) { ++(done ? succeeded : refused); });
    }
    loop.run();
    EXPECT_EQ(succeeded, 20);
    EXPECT_EQ(refused, 40);
    EXPECT_EQ(count(), 20);
}

Task<> insert_and_look(Database& database, int caller, std::atomic<int>& missing) {
    for (int i = 0; i < 50; ++i) {
        const std::string name = std::to_string(caller) + "/" + std::to_string(i);
        MERLON_CO_TRY(co_await database.transact_work(inserting(name)));
        const Rows seen =
            MERLON_CO_TRY(co_await database.query("SELECT 1 FROM items WHERE name = $1", {name}));
        if (seen.empty()) ++missing;
    }
    co_return Result<>{};
}

TEST_P(DatabaseContract, SaysThatATransactionIsOverBeforeItsCallerHears) {
    std::atomic<int> over{0};
    const auto counting = [&over](Database::Work work) {
        return [&over, work = std::move(work)](Transaction& transaction) {
            transaction.when_over([&over] { ++over; });
            return work(transaction);
        };
    };
    EXPECT_TRUE(wait(database_->transact_work(counting(inserting("a")))));
    EXPECT_EQ(over, 1);
    // Nothing changed, but who forgets too much only reads again.
    EXPECT_FALSE(wait(database_->transact_work(counting(insert_then_refuse))));
    EXPECT_EQ(over, 2);
    EXPECT_FALSE(wait(database_->transact_work(counting(insert_twice_and_ignore_it))));
    EXPECT_EQ(over, 3);
}

TEST_P(DatabaseContract, ShowsEveryCallerItsOwnWritesFromSeveralLoops) {
    std::atomic<int> missing{0};
    std::vector<std::thread> loops;
    for (int thread = 0; thread < 4; ++thread) {
        loops.emplace_back([&, thread] {
            asio::io_context loop(1);
            for (int i = 0; i < 5; ++i) {
                spawn(loop.get_executor(), insert_and_look(*database_, thread * 5 + i, missing),
                      [](Result<> done) { EXPECT_TRUE(done); });
            }
            loop.run();
        });
    }
    for (std::thread& thread : loops) thread.join();
    EXPECT_EQ(missing, 0);
    EXPECT_EQ(count(), 1000);
}

TEST_P(DatabaseContract, LosesNoUpdateAmongParallelTransactions) {
    std::vector<std::thread> loops;
    for (int thread = 0; thread < 3; ++thread) {
        loops.emplace_back([&] {
            asio::io_context loop(1);
            for (int i = 0; i < 100; ++i) {
                spawn(loop.get_executor(), add_in_transaction(*database_, "sum", 1));
            }
            loop.run();
        });
    }
    for (std::thread& thread : loops) thread.join();
    EXPECT_EQ(wait(add_in_transaction(*database_, "sum", 0)).value(), 300);
}

Task<std::int64_t> add_in_one_statement(Transaction& transaction) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO items (name, amount) VALUES ('stock', 1) "
        "ON CONFLICT (name) DO UPDATE SET amount = items.amount + 1 RETURNING amount"));
    co_return rows[0].integer(0);
}

TEST_P(DatabaseContract, ChangesByRowWhatEverybodyChangesAndRunsNothingAgain) {
    std::atomic<int> runs{0};
    std::vector<std::thread> loops;
    for (int thread = 0; thread < 3; ++thread) {
        loops.emplace_back([&] {
            asio::io_context loop(1);
            for (int i = 0; i < 100; ++i) {
                auto added =
                    database_->transact_by_row<std::int64_t>([&runs](Transaction& transaction) {
                        ++runs;
                        return add_in_one_statement(transaction);
                    });
                spawn(loop.get_executor(), std::move(added));
            }
            loop.run();
        });
    }
    for (std::thread& thread : loops) thread.join();
    EXPECT_EQ(wait(database_->query("SELECT amount FROM items")).value()[0].integer(0), 300);
    EXPECT_EQ(runs, 300);
}

Task<> add_part_if_open(Transaction& transaction, std::string item) {
    const Rows open =
        MERLON_CO_TRY(co_await transaction.query("SELECT 1 FROM items WHERE name = $1 AND "
                                                 "amount = 0",
                                                 {item}));
    if (open.empty()) co_return Result<>{};
    MERLON_CO_TRY(co_await transaction.query("INSERT INTO parts (item) VALUES ($1)", {item}));
    co_return Result<>{};
}

Task<> close_and_clear(Transaction& transaction, std::string item) {
    MERLON_CO_TRY(
        co_await transaction.query("UPDATE items SET amount = 1 WHERE name = $1", {item}));
    MERLON_CO_TRY(co_await transaction.query("DELETE FROM parts WHERE item = $1", {item}));
    co_return Result<>{};
}

// As of a sign-in that has read the account, and a lock that has ended all its sessions.
TEST_P(DatabaseContract, KeepsNothingThatWasAddedBecauseOfWhatHoldsNoMore) {
    constexpr int rounds = 100;
    for (int round = 0; round < rounds; ++round) {
        ASSERT_TRUE(wait(database_->transact_work(inserting(std::to_string(round)))));
    }
    std::vector<std::thread> loops;
    for (const auto work : {add_part_if_open, add_part_if_open, close_and_clear}) {
        loops.emplace_back([this, work] {
            asio::io_context loop(1);
            for (int round = 0; round < rounds; ++round) {
                const auto on_item = [work,
                                      item = std::to_string(round)](Transaction& transaction) {
                    return work(transaction, item);
                };
                spawn(loop.get_executor(), database_->transact_work(on_item),
                      [](Result<> done) { EXPECT_TRUE(done); });
                loop.run();
                loop.restart();
            }
        });
    }
    for (std::thread& thread : loops) thread.join();
    EXPECT_EQ(wait(database_->query("SELECT count(*) FROM parts")).value()[0].integer(0), 0);
}

TEST_P(DatabaseContract, OutlivesALoopThatIsDestroyedWithCallersWaiting) {
    for (int round = 0; round < 50; ++round) {
        asio::io_context loop(1);
        for (int i = 0; i < 10; ++i) {
            spawn(loop.get_executor(), add_in_transaction(*database_, "abandoned", 1));
        }
        for (int i = 0; i < round; ++i) loop.poll_one();  // some submitted, some answered
        if (round % 2 == 0) loop.poll();
    }
    EXPECT_TRUE(wait(add_in_transaction(*database_, "abandoned", 0)).has_value());
}

INSTANTIATE_TEST_SUITE_P(Stores, DatabaseContract, testing::ValuesIn(stores),
                         [](const auto& store) { return store.param.name; });

}  // namespace
}  // namespace merlon::storage
