// The only thread that writes a SQLite file. It runs all transactions that wait, each inside its
// own SAVEPOINT, under one COMMIT: one fsync for many callers (group commit). Nobody hears of a
// success before that COMMIT. While it syncs, the next batch gathers.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "base/answer.h"
#include "storage/sqlite/sqlite_connection.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/work_queue.h"

namespace merlon::storage {

// Resource: the thread starts with it and ends with stop().
class SqliteWriter {
public:
    SqliteWriter(SqliteConnection connection, SqliteLimits limits);
    ~SqliteWriter() { stop(); }

    // From any loop.
    Task<> run(Database::Work work);
    // Runs what waits, then joins the thread. The owner's call.
    void stop();
    std::size_t commits() const { return commits_.load(std::memory_order_relaxed); }

private:
    struct Job {
        Database::Work work;
        std::shared_ptr<Answer<void>> answer;
        Result<> result;
        std::vector<std::function<void()>> when_over;
    };

    void loop();
    void run_batch(std::vector<Job>& batch);
    Result<> commit(std::vector<Job>& batch);
    // An error means that the whole batch is lost; the work's own goes into job.result.
    Result<> run_in_savepoint(Job& job);
    Result<> run_to_end(Job& job);
    void checkpoint();

    SqliteConnection connection_;
    const SqliteLimits limits_;
    WorkQueue<Job> queue_;
    asio::io_context works_{1};  // where the works' coroutines run; polled by the thread alone
    std::atomic<std::size_t> commits_{0};
    bool checkpoint_due_ = false;
    std::thread thread_;  // last: starts when all else is there
};

}  // namespace merlon::storage
