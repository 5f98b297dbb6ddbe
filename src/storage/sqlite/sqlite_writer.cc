// Group commit on one thread. Read run_batch() first.
#include "storage/sqlite/sqlite_writer.h"

#include <optional>

#include "base/spawn.h"

namespace merlon::storage {
namespace {

// After this long without work the journal goes back into the file, so that what was deleted does
// not stay readable in it.
constexpr std::chrono::milliseconds idle_before_checkpoint{500};

// Statements inside one work. Never suspends; remembers the first failure (see Transaction).
class SqliteTransaction final : public Transaction {
public:
    SqliteTransaction(SqliteConnection& connection, std::vector<std::function<void()>>& when_over)
        : connection_(connection), when_over_(when_over) {}

    Task<Rows> query(Sql sql, Parameters parameters) override {
        MERLON_CO_TRY(outcome());
        Result<Rows> rows = connection_.query(sql, parameters);
        if (!rows) failure_ = rows.error();
        co_return rows;
    }

    Task<> run_script(Sql script) override {
        MERLON_CO_TRY(outcome());
        Result<> done = connection_.run_script(script);
        if (!done) failure_ = done.error();
        co_return done;
    }

    void when_over(std::function<void()> forget) override {
        when_over_.push_back(std::move(forget));
    }

    Result<> outcome() const {
        if (failure_) return std::unexpected(*failure_);
        return {};
    }

private:
    SqliteConnection& connection_;
    std::vector<std::function<void()>>& when_over_;
    std::optional<Error> failure_;
};

}  // namespace

SqliteWriter::SqliteWriter(SqliteConnection connection, SqliteLimits limits)
    : connection_(std::move(connection)),
      limits_(limits),
      queue_(limits.waiting_max),
      thread_([this] { loop(); }) {}

Task<> SqliteWriter::run(Database::Work work) {
    co_return co_await Answer<void>::wait_for(
        [this, work = std::move(work)](std::shared_ptr<Answer<void>> answer) mutable {
            return queue_.push(Job{std::move(work), std::move(answer), {}, {}});
        });
}

void SqliteWriter::stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

void SqliteWriter::loop() {
    while (!queue_.drained()) {
        std::vector<Job> batch = queue_.take(limits_.batch_max, idle_before_checkpoint);
        if (batch.empty()) {
            checkpoint();
        } else {
            run_batch(batch);
        }
    }
}

void SqliteWriter::run_batch(std::vector<Job>& batch) {
    const Result<> committed = commit(batch);
    for (Job& job : batch) {
        // Of a batch that did not commit, a work's own refusal still is its answer.
        if (!committed && job.result) job.result = std::unexpected(committed.error());
        for (const auto& forget : job.when_over) forget();
        job.when_over.clear();
        job.work = nullptr;  // its captures end before its caller goes on
        job.answer->set(std::move(job.result));
    }
}

Result<> SqliteWriter::commit(std::vector<Job>& batch) {
    MERLON_TRY(connection_.query("BEGIN IMMEDIATE"));
    for (Job& job : batch) {
        Result<> usable = run_in_savepoint(job);
        if (usable) continue;
        if (connection_.in_transaction()) MERLON_TRY(connection_.query("ROLLBACK"));
        return fail(Kind::Unavailable, "storage.unavailable", std::move(usable).error().detail);
    }
    Result<Rows> committed = connection_.query("COMMIT");
    if (committed) {
        commits_.fetch_add(1, std::memory_order_relaxed);
        checkpoint_due_ = true;
        return {};
    }
    if (connection_.in_transaction()) MERLON_TRY(connection_.query("ROLLBACK"));
    return fail(Kind::Unavailable, "storage.unavailable", std::move(committed).error().detail);
}

Result<> SqliteWriter::run_in_savepoint(Job& job) {
    MERLON_TRY(connection_.query("SAVEPOINT work"));
    job.result = run_to_end(job);
    if (!connection_.in_transaction()) {
        // The disk is full or failing, and SQLite has rolled back all of the batch.
        MERLON_ASSERT(!job.result);  // or the work said COMMIT
        return std::unexpected(job.result.error());
    }
    if (!job.result) MERLON_TRY(connection_.query("ROLLBACK TO work"));
    MERLON_TRY(connection_.query("RELEASE work"));
    return {};
}

Result<> SqliteWriter::run_to_end(Job& job) {
    SqliteTransaction transaction(connection_, job.when_over);
    std::optional<Result<>> result;
    spawn(works_.get_executor(), job.work(transaction),
          [&](Result<> done) { result.emplace(std::move(done)); });
    works_.restart();
    works_.poll();
    // A work that waits for anything but its Transaction would stop every writer.
    MERLON_ASSERT(result.has_value());
    MERLON_TRY(transaction.outcome());
    return *std::move(result);
}

void SqliteWriter::checkpoint() {
    if (!checkpoint_due_) return;
    const Result<Rows> rows = connection_.query("PRAGMA wal_checkpoint(TRUNCATE)");
    // Busy while a reader is in an older state: then the next idle moment does it.
    checkpoint_due_ = !rows || (*rows)[0].integer(0) != 0;
}

}  // namespace merlon::storage
