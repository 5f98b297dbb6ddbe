// PostgreSQL that goes away, is slow or loses connections: what is said is true, nothing that was
// acknowledged is lost, and it goes on by itself when the server is back.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "storage/postgres/postgres_test_kit.h"

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<PostgresDatabase> open(std::shared_ptr<const PostgresSettings> settings) {
    auto database = open_postgres(std::move(settings));
    MERLON_ASSERT(database.has_value());
    return *std::move(database);
}

class PostgresFaults : public testing::Test {
protected:
    PostgresFaults() : settings_(server_.make_database()), database_(open(settings_)) {
        EXPECT_TRUE(wait(database_->transact_work(
            script("CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER)"))));
    }

    // Ends every connection to the database but the one that asks.
    void cut_connections() {
        const auto other = open(settings_);
        EXPECT_TRUE(
            wait(other->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              "WHERE datname = current_database() AND pid <> "
                              "pg_backend_pid()")));
    }

    Result<> insert() {
        return wait(database_->transact_work(script("INSERT INTO items (n) VALUES (1)")));
    }

    // The same database, for a pool that a test says more of.
    PostgresSettings other_settings() const {
        PostgresSettings other;
        other.host = settings_->host;
        other.database = settings_->database;
        other.user = settings_->user;
        other.tls_mode = settings_->tls_mode;
        return other;
    }

    PostgresTestServer server_;
    std::shared_ptr<const PostgresSettings> settings_;
    std::unique_ptr<PostgresDatabase> database_;
};

TEST_F(PostgresFaults, AConnectionThatDiedWhileNobodyUsedItCostsNothing) {
    ASSERT_TRUE(insert());
    cut_connections();
    EXPECT_TRUE(insert());
    cut_connections();
    EXPECT_TRUE(wait(database_->query("SELECT 1")));
    EXPECT_EQ(count(*database_), 2);
}

// In its first attempt, ends its own connection before it is done.
Task<> die_once(Transaction& transaction, std::shared_ptr<int> attempts) {
    MERLON_CO_TRY(co_await transaction.query("INSERT INTO items (n) VALUES (1)"));
    if (++*attempts == 1) {
        MERLON_CO_TRY(co_await transaction.query("SELECT pg_terminate_backend(pg_backend_pid())"));
    }
    co_return Result<>{};
}

TEST_F(PostgresFaults, ATransactionWhoseConnectionDiedBeforeItsCommitRunsAgainAndOnce) {
    const auto attempts = std::make_shared<int>(0);
    EXPECT_TRUE(wait(database_->transact_work(
        [attempts](Transaction& transaction) { return die_once(transaction, attempts); })));
    EXPECT_EQ(*attempts, 2);
    EXPECT_EQ(count(*database_), 1);
}

TEST_F(PostgresFaults, AStatementThatTakesTooLongIsEndedAndTheNextOneRuns) {
    PostgresSettings impatient = other_settings();
    impatient.statement_max = milliseconds{300};
    const auto database = open(std::make_shared<const PostgresSettings>(std::move(impatient)));
    const Result<Rows> slow = wait(database->query("SELECT 1 FROM pg_sleep(30)"));
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().rule, "storage.unavailable");
    EXPECT_TRUE(wait(database->query("SELECT 1")));
}

TEST_F(PostgresFaults, AStoppedServerIsUnavailableAtOnceAndBackAgainWithoutARestart) {
    ASSERT_TRUE(insert());
    server_.stop();
    const Result<> away = insert();
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().kind, Kind::Unavailable);
    EXPECT_NE(away.error().detail.find(settings_->host), std::string::npos);
    server_.start();
    server_.wait_until_ready();
    constexpr int attempts = 40;
    int attempt = 0;
    while (!insert() && ++attempt < attempts) std::this_thread::sleep_for(milliseconds{100});
    EXPECT_LT(attempt, attempts);
    EXPECT_EQ(count(*database_), 2);
}

// Else a process that is stopped inside one would hold its rows against all others meanwhile.
TEST_F(PostgresFaults, ATransactionMayBeSilentForTwoSecondsOrForAStatementsTime) {
    PostgresSettings impatient = other_settings();
    impatient.statement_max = milliseconds{1'500};
    const auto brisk =
        open_postgres(std::make_shared<const PostgresSettings>(std::move(impatient))).value();
    const auto silent_ms = [](Database& database) {
        return wait(database.query("SELECT setting FROM pg_settings "
                                   "WHERE name = 'idle_in_transaction_session_timeout'"))
            .value()[0]
            .text(0);
    };
    EXPECT_EQ(silent_ms(*database_), "2000");
    EXPECT_EQ(silent_ms(*brisk), "1500");
}

// All that wait at once, as when a server is back, would make it start a process for each.
TEST_F(PostgresFaults, ManyThatComeAtOnceShareTheConnectionsThatAreThere) {
    constexpr int queries = 60;
    const auto database = open(server_.make_database());
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::jthread> threads;
    for (int i = 0; i < queries; ++i) {
        threads.emplace_back(
            [&] { EXPECT_TRUE(wait(database->query("SELECT 1 FROM pg_sleep(0.005)"))); });
    }
    threads.clear();
    const auto connections = wait(database->query("SELECT count(*) FROM pg_stat_activity "
                                                  "WHERE datname = current_database()"))
                                 .value()[0]
                                 .integer(0);
    // The least there may be, one for who finds them taken, and one at each look after who waits.
    const auto looks = (std::chrono::steady_clock::now() - began) / milliseconds{100};
    EXPECT_LE(connections, settings_->connections_min + 1 + looks);
}

// In turn, everybody would be served after he has gone.
TEST_F(PostgresFaults, WhoCameLastIsServedFirstWhenTheLineIsLong) {
    PostgresSettings one = other_settings();
    one.connections_min = 1;
    one.connections_max = 1;
    const auto database = open(std::make_shared<const PostgresSettings>(std::move(one)));
    ASSERT_TRUE(wait(database->query("SELECT 1")));
    asio::io_context loop(1);
    std::string order;
    for (const char name : {'a', 'b', 'c', 'd'}) {
        auto query = name == 'a' ? database->query("SELECT 1 FROM pg_sleep(0.5)")
                                 : database->query("SELECT 1");
        spawn(loop.get_executor(), std::move(query), [&order, name](const Result<Rows>& rows) {
            EXPECT_TRUE(rows);
            order += name;
        });
    }
    loop.run();
    EXPECT_EQ(order, "adcb");
}

TEST_F(PostgresFaults, WhoWaitsGetsAConnectionWhenNoneIsGivenBack) {
    PostgresSettings few = other_settings();
    few.connections_min = 1;
    few.connections_max = 2;
    const auto database = open(std::make_shared<const PostgresSettings>(std::move(few)));
    std::atomic<bool> is_over = false;
    const std::jthread slow([&] {
        EXPECT_TRUE(wait(database->query("SELECT 1 FROM pg_sleep(4)")));
        is_over = true;
    });
    const auto is_asleep = [&] {
        return wait(database_->query("SELECT count(*) FROM pg_stat_activity "
                                     "WHERE wait_event = 'PgSleep'"))
                   .value()[0]
                   .integer(0) == 1;
    };
    while (!is_over && !is_asleep()) std::this_thread::sleep_for(milliseconds{10});
    EXPECT_TRUE(wait(database->query("SELECT 1")));
    EXPECT_FALSE(is_over);
}

TEST_F(PostgresFaults, AServerThatAcceptsAndSaysNothingIsGivenUpAtTheFirstConnection) {
    asio::io_context loop;
    const asio::ip::tcp::acceptor mute(loop, {asio::ip::address_v4::loopback(), 0});
    PostgresSettings impatient = other_settings();
    impatient.host = "127.0.0.1";
    impatient.port = mute.local_endpoint().port();
    impatient.connect_max = milliseconds{300};
    impatient.connections_min = 2;  // one more is being made when the first is given up
    const auto database =
        open_postgres(std::make_shared<const PostgresSettings>(std::move(impatient)));
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().kind, Kind::Unavailable);
}

TEST_F(PostgresFaults, AServerThatDoesNotAnswerIsGivenUpAtItsDeadline) {
    PostgresSettings impatient = other_settings();
    impatient.statement_max = impatient.connect_max = milliseconds{500};
    impatient.connections_min = impatient.connections_max = 1;
    const auto database = open(std::make_shared<const PostgresSettings>(std::move(impatient)));
    const auto backend =
        static_cast<pid_t>(wait(database->query("SELECT pg_backend_pid()")).value()[0].integer(0));
    server_.pause();
    ::kill(backend, SIGSTOP);
    const Result<Rows> rows = wait(database->query("SELECT 1"));
    ::kill(backend, SIGCONT);
    server_.resume();
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, Kind::Unavailable);
    constexpr int attempts = 100;
    int attempt = 0;
    while (!wait(database->query("SELECT 1")) && ++attempt < attempts) {
        std::this_thread::sleep_for(milliseconds{100});
    }
    EXPECT_LT(attempt, attempts);
}

// What the process of one connection does is not seen while it is stopped: as a network that lost
// the statement, but for the pid.
TEST_F(PostgresFaults, AStatementThatTheServerDoesNotWorkOnIsOverLongBeforeItsDeadline) {
    const auto pid = [&] {
        return static_cast<pid_t>(
            wait(database_->query("SELECT pg_backend_pid()")).value()[0].integer(0));
    };
    const pid_t backend = pid();
    ASSERT_EQ(backend, pid());
    ::kill(backend, SIGSTOP);
    const auto began = std::chrono::steady_clock::now();
    const Result<Rows> rows = wait(database_->query("SELECT 1"));
    const auto took = std::chrono::steady_clock::now() - began;
    ::kill(backend, SIGCONT);
    EXPECT_TRUE(rows) << rows.error().detail;
    EXPECT_LT(took, settings_->statement_max);
    // On the connection that probed: nobody had to wait for a new one.
    EXPECT_EQ(wait(database_->query("SELECT count(*) FROM pg_prepared_statements "
                                    "WHERE statement LIKE '%pg_stat' || '_activity%'"))
                  .value()[0]
                  .integer(0),
              1);
}

// It is probed, and the connection that probed is closed: no statement waits for one.
TEST_F(PostgresFaults, AStatementThatTheServerWorksOnIsWaitedFor) {
    EXPECT_TRUE(wait(database_->query("SELECT 1 FROM pg_sleep(3)")));
    const auto connections = [&] {
        return wait(database_->query("SELECT count(*) FROM pg_stat_activity "
                                     "WHERE datname = current_database()"))
            .value()[0]
            .integer(0);
    };
    // A server's process ends a little later than its connection.
    constexpr int looks = 50;
    int look = 0;
    while (std::cmp_greater(connections(), settings_->connections_min) && ++look < looks) {
        std::this_thread::sleep_for(milliseconds{100});
    }
    EXPECT_LT(look, looks);
}

TEST(PostgresOpen, SaysWhichServerIsNotThere) {
    const TemporaryFolder empty;
    PostgresSettings settings;
    settings.host = empty.path().string();
    settings.database = settings.user = "nobody";
    settings.tls_mode = "disable";
    const auto database =
        open_postgres(std::make_shared<const PostgresSettings>(std::move(settings)));
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().rule, "storage.unavailable");
    EXPECT_NE(database.error().detail.find(empty.path().string()), std::string::npos);
}

}  // namespace
}  // namespace merlon::storage
