// Several processes on one PostgreSQL database: each stands for one, with a pool of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "storage/migrations.h"
#include "storage/outbox.h"
#include "storage/postgres/postgres_test_kit.h"

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

using Process = std::unique_ptr<PostgresDatabase>;

class PostgresProcesses : public testing::Test {
protected:
    PostgresProcesses() : settings_(server().make_database()) {}

    static PostgresTestServer& server() {
        static PostgresTestServer one;  // for all tests: it takes seconds to start
        return one;
    }
    Process start(std::string user = "merlon") const {
        PostgresSettings own;
        own.host = settings_->host;
        own.database = settings_->database;
        own.user = std::move(user);
        own.tls_mode = settings_->tls_mode;
        own.connections_max = connections_max;
        auto database = open_postgres(std::make_shared<const PostgresSettings>(std::move(own)));
        MERLON_ASSERT(database.has_value());
        return *std::move(database);
    }
    static Result<> run(Process& process, Sql text) {
        return wait(process->transact_work(script(text)));
    }

    static constexpr std::size_t connections_max = 3;
    std::shared_ptr<const PostgresSettings> settings_;
    FakeClock clock_;
};

constexpr Migration migrations[] = {
    {1, "things", "CREATE TABLE things (id INTEGER PRIMARY KEY) STRICT"},
    {2, "names", "ALTER TABLE things ADD COLUMN name TEXT"},
    {3, "more", "CREATE INDEX things_by_name ON things (name); INSERT INTO things VALUES (1, '')"},
};

TEST_F(PostgresProcesses, ThatStartTogetherOnAnEmptyDatabaseMigrateItOnce) {
    constexpr int processes = 8;
    std::atomic<int> done{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < processes; ++i) {
            threads.emplace_back([&] {
                const Process process = start();
                const Result<> migrated = wait(migrate(*process, clock_, "test", migrations));
                EXPECT_TRUE(migrated) << migrated.error().detail;
                const Result<> outbox =
                    wait(migrate(*process, clock_, outbox_role, outbox_migrations()));
                EXPECT_TRUE(outbox) << outbox.error().detail;
                ++done;
            });
        }
    }
    EXPECT_EQ(done, processes);
    const Process process = start();
    EXPECT_EQ(wait(process->query("SELECT count(*) FROM things")).value()[0].integer(0), 1);
    EXPECT_EQ(wait(process->query("SELECT count(*) FROM schema_migrations")).value()[0].integer(0),
              4);
}

TEST_F(PostgresProcesses, OneThatMayNotChangeTablesStartsWhenNothingIsToBeDone) {
    Process owner = start();
    ASSERT_TRUE(wait(migrate(*owner, clock_, "test", std::span(migrations).first(2))));
    ASSERT_TRUE(run(owner,
                    "CREATE ROLE reader LOGIN;"
                    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"));
    const Process reader = start("reader");
    EXPECT_TRUE(wait(migrate(*reader, clock_, "test", std::span(migrations).first(2))));
    const Result<> pending = wait(migrate(*reader, clock_, "test", migrations));
    ASSERT_FALSE(pending);
    EXPECT_NE(pending.error().detail.find("permission denied"), std::string::npos)
        << pending.error().detail;
    // The newer release has been here: the older one goes on.
    ASSERT_TRUE(wait(migrate(*owner, clock_, "test", migrations)));
    EXPECT_TRUE(wait(migrate(*reader, clock_, "test", std::span(migrations).first(2))));
}

struct Overlap {
    std::atomic<int> now{0};
    std::atomic<int> most{0};
};

Task<> add_one(Transaction& transaction, std::shared_ptr<Overlap> overlap) {
    overlap->most = std::max<int>(overlap->most, ++overlap->now);
    const Rows rows = MERLON_CO_TRY(co_await transaction.query("SELECT n FROM sums"));
    MERLON_CO_TRY(co_await transaction.query("UPDATE sums SET n = $1", {rows[0].integer(0) + 1}));
    --overlap->now;
    co_return Result<>{};
}

TEST_F(PostgresProcesses, DoOneAfterTheOtherWhatEachDoesAlone) {
    Process first = start();
    ASSERT_TRUE(run(first, "CREATE TABLE sums (n INTEGER); INSERT INTO sums VALUES (0)"));
    const auto overlap = std::make_shared<Overlap>();
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                const Process process = start();
                for (int k = 0; k < 5; ++k) {
                    EXPECT_TRUE(wait(process->transact_alone([overlap](Transaction& transaction) {
                        return add_one(transaction, overlap);
                    })));
                }
            });
        }
    }
    EXPECT_EQ(overlap->most, 1);
    EXPECT_EQ(wait(first->query("SELECT n FROM sums")).value()[0].integer(0), 20);
}

// Counts what is heard. Shared with the database's thread.
struct Ear {
    std::counting_semaphore<1'000'000> heard{0};
    bool hears() { return heard.try_acquire_for(std::chrono::seconds{20}); }
};

TEST_F(PostgresProcesses, HearOfEachOthersChangesAlsoAfterTheirConnectionWasCut) {
    const auto ear = std::make_shared<Ear>();
    const Process listener = start();
    listener->on_notice("LISTEN changes", [ear] { ear->heard.release(); });
    ASSERT_TRUE(ear->hears()) << "something may have changed before";
    Process other = start();
    ASSERT_TRUE(run(other, "SELECT pg_notify('changes', '')"));
    EXPECT_TRUE(ear->hears());
    ASSERT_TRUE(run(other, "SELECT pg_notify('else', '')"));
    EXPECT_FALSE(ear->heard.try_acquire_for(milliseconds{200}));

    ASSERT_TRUE(
        wait(other->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE query LIKE 'LISTEN%'")));
    EXPECT_TRUE(ear->hears()) << "something may have been missed meanwhile";
    ASSERT_TRUE(run(other, "SELECT pg_notify('changes', '')"));
    EXPECT_TRUE(ear->hears());
}

TEST_F(PostgresProcesses, EndWhileTheyListen) {
    const auto ear = std::make_shared<Ear>();
    Process listener = start();
    listener->on_notice("LISTEN changes", [ear] { ear->heard.release(); });
    ASSERT_TRUE(ear->hears());
    listener.reset();  // would hang, else
    Process at_once = start();
    at_once->on_notice("LISTEN changes", [ear] { ear->heard.release(); });
    at_once.reset();
}

// Whoever waits for a connection is not left waiting when those in use break.
TEST_F(PostgresProcesses, WhoWaitsForAConnectionGetsThePlaceOfABrokenOne) {
    Process process = start();
    Process other = start();
    asio::io_context loop(1);
    int ended = 0;
    for (std::size_t i = 0; i < connections_max; ++i) {
        spawn(loop.get_executor(), process->query("SELECT count(*) FROM pg_sleep(1.5)"),
              [&](Result<Rows>) { ++ended; });
    }
    loop.run_for(milliseconds{300});
    int served = 0;
    for (int i = 0; i < 5; ++i) {
        spawn(loop.get_executor(), process->query("SELECT 1"), [&](Result<Rows> rows) {
            if (rows) ++served;
        });
    }
    loop.run_for(milliseconds{100});
    EXPECT_EQ(served, 0);
    ASSERT_TRUE(
        wait(other->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE query LIKE '%pg_sleep(1.5)' AND pid <> "
                          "pg_backend_pid()")));
    loop.run();
    EXPECT_EQ(served, 5);
}

}  // namespace
}  // namespace merlon::storage
