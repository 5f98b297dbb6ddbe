// Between the callers' loops and ours. Read run_transaction() first.
#include "storage/postgres/postgres_database.h"

#include <boost/asio/post.hpp>
#include <future>

#include "base/answer.h"
#include "base/spawn.h"
#include "storage/postgres/postgres_pool.h"
#include "storage/postgres/postgres_transaction.h"

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

// How long a transaction that keeps losing races is run again before its caller gets an error.
constexpr std::chrono::seconds racing_max{10};
// A connection that broke before the COMMIT was sent changed nothing: one more is tried.
constexpr int connections_tried_max = 2;

// Back-off with jitter: two transactions that pause equally long would collide again.
milliseconds pause_after(int attempt, Entropy& entropy) {
    const int longest_ms = std::min(1 << std::min(attempt, 6), 50);
    std::uint16_t random = 0;
    entropy.fill(std::as_writable_bytes(std::span(&random, 1)));
    return milliseconds{random * (longest_ms + 1) / 0x10000};
}

}  // namespace

Result<std::unique_ptr<PostgresDatabase>> PostgresDatabase::open(
    std::shared_ptr<const PostgresSettings> settings, const Clock& clock, Entropy& entropy) {
    std::unique_ptr<PostgresDatabase> database(
        new PostgresDatabase(std::move(settings), clock, entropy));
    std::promise<Result<>> first;
    asio::post(database->loop_, [&] {
        spawn(database->loop_.get_executor(), database->pool_->acquire(),
              [&](Result<PostgresPool::Lease> lease) {
                  first.set_value(lease ? Result<>{} : std::unexpected(lease.error()));
              });
        database->pool_->start();  // which keeps the deadlines, also that of the first connection
    });
    MERLON_TRY(first.get_future().get());
    return database;
}

PostgresDatabase::PostgresDatabase(std::shared_ptr<const PostgresSettings> settings,
                                   const Clock& clock, Entropy& entropy)
    : settings_(std::move(settings)),
      clock_(clock),
      entropy_(entropy),
      pool_(std::make_unique<PostgresPool>(loop_.get_executor(), clock, *settings_, note_)),
      listener_(loop_.get_executor(), clock, *settings_, note_),
      thread_([this] { loop_.run(); }) {}

PostgresDatabase::~PostgresDatabase() { stop(); }

void PostgresDatabase::stop() {
    if (!thread_.joinable()) return;
    is_closed_.store(true);
    // No new call enters; those that are under way end within the deadlines of their statements.
    for (auto left = under_way_.load(); left != 0; left = under_way_.load()) {
        under_way_.wait(left);
    }
    asio::post(loop_, [this] {
        pool_->close();
        listener_.close();
        kept_running_.reset();
    });
    thread_.join();
}

Result<> PostgresDatabase::enter() {
    if (under_way_.fetch_add(1) >= settings_->waiting_max) {
        leave();
        return fail(Kind::Unavailable, "storage.busy", "too many statements are waiting");
    }
    if (is_closed_.load()) {
        leave();
        return fail(Kind::Unavailable, "storage.unavailable", "database is stopped");
    }
    return {};
}

void PostgresDatabase::leave() {
    under_way_.fetch_sub(1);
    under_way_.notify_all();
}

template <class T>
Task<T> PostgresDatabase::on_our_loop(std::function<Task<T>()> begin) {
    MERLON_CO_TRY(enter());
    co_return co_await Answer<T>::wait_for([&](std::shared_ptr<Answer<T>> answer) {
        asio::post(loop_, [this, begin, answer] {
            spawn(loop_.get_executor(), begin(), [this, answer](Result<T> result) {
                answer->set(std::move(result));
                leave();
            });
        });
        return Result<>{};
    });
}

Task<Rows> PostgresDatabase::query(Sql sql, Parameters parameters) {
    co_return co_await on_our_loop<Rows>(
        [this, sql, parameters = std::move(parameters)] { return run_query(sql, parameters); });
}

Task<> PostgresDatabase::transact_work(Work work) {
    co_return co_await on_our_loop<void>(
        [this, work = std::move(work)] { return run_transaction(work, Isolation::Serializable); });
}

Task<> PostgresDatabase::transact_work_by_row(Work work) {
    co_return co_await on_our_loop<void>(
        [this, work = std::move(work)] { return run_transaction(work, Isolation::ByRow); });
}

Task<> PostgresDatabase::transact_alone(Work work) {
    co_return co_await on_our_loop<void>(
        [this, work = std::move(work)] { return run_transaction(work, Isolation::Alone); });
}

void PostgresDatabase::on_notice(Sql listen, std::function<void()> hear) {
    asio::post(loop_, [this, listen, hear = std::move(hear)] {
        spawn(loop_.get_executor(), listener_.run(listen, hear));
    });
}

Task<Rows> PostgresDatabase::run_query(Sql sql, Parameters parameters) {
    for (int tried = 1;; ++tried) {
        const PostgresPool::Lease lease = MERLON_CO_TRY(co_await pool_->acquire());
        Result<Rows> rows = co_await lease->query(sql, parameters);
        // Reading twice is reading once.
        if (rows || !lease->is_broken() || tried == connections_tried_max) co_return rows;
    }
}

// Takes the lock first: so the work sees all that was committed before it had the lock.
Task<> work_alone(PostgresTransaction* transaction, Database::Work work) {
    MERLON_CO_TRY(co_await transaction->lock_others_out());
    co_return co_await work(*transaction);
}

Task<> PostgresDatabase::run_transaction(Work work, Isolation isolation) {
    const auto end = clock_.steady() + racing_max;
    int broken = 0;
    for (int attempt = 1; clock_.steady() < end; ++attempt) {
        {
            const PostgresPool::Lease lease = MERLON_CO_TRY(co_await pool_->acquire());
            PostgresTransaction transaction(*lease, isolation);
            Result<> worked = isolation == Isolation::Alone
                                  ? co_await work_alone(&transaction, work)
                                  : co_await work(transaction);
            const Result<> done = co_await transaction.end(std::move(worked));
            if (done) co_return done;
            const bool is_in_doubt = done.error().rule == in_doubt_rule;
            const bool is_lost = done.error().rule == lost_race_rule;
            const bool is_broken =
                lease->is_broken() && !is_in_doubt && ++broken < connections_tried_max;
            if (!is_lost && !is_broken) co_return done;
        }
        co_await pause(pause_after(attempt, entropy_));
    }
    co_return fail(Kind::Unavailable, "storage.busy", "others keep changing the same rows");
}

Task<> PostgresDatabase::pause(milliseconds length) {
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer(loop_.get_executor(), length);
    co_await timer.async_wait(as_result);
    co_return Result<>{};
}

}  // namespace merlon::storage
