// SQLite behind the Database port: one file, one writing thread with group commit, one reading
// thread, and nothing of it on the callers' loops.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "storage/database.h"
#include "storage/failure_note.h"

namespace merlon::storage {

class SqliteReader;
class SqliteWriter;

struct SqliteLimits {
    // Transactions, and separately reads, that may wait; one more is refused with "storage.busy".
    std::size_t waiting_max = 4096;
    // Transactions under one commit: bounds how long the first of them waits for the last.
    std::size_t batch_max = 256;
    // How long another process (a command beside the server) may hold the write lock.
    std::chrono::milliseconds lock_wait{5000};
};

// Resource. transact() and query() are safe from every thread; stop() and the destructor are the
// owner's. Callers' loops may be destroyed before or after it.
class SqliteDatabase final : public Database {
public:
    // Opens the file, or makes it with mode 0600 in a directory with mode 0700. Fails with
    // "storage.unavailable" (cannot be opened, created or written; the detail names the file)
    // or "storage.corrupt" (not a database).
    static Result<std::unique_ptr<SqliteDatabase>> open(std::filesystem::path path,
                                                        SqliteLimits limits = {});
    ~SqliteDatabase() override;

    Task<Rows> query(Sql sql, Parameters parameters = {}) override;
    Task<> transact_work(Work work) override;
    // One writer in one process: every work is alone.
    Task<> transact_work_by_row(Work work) override { return transact_work(std::move(work)); }
    Task<> transact_alone(Work work) override { return transact_work(std::move(work)); }
    // No other process changes anything.
    void on_notice(Sql, std::function<void()>) override {}

    // Finishes what waits, joins the threads and closes the file. Later calls fail with
    // "storage.unavailable". Calling it twice is fine.
    void stop();

    // Commits since opening that had something to write: how well transactions share them.
    std::size_t commits() const;

    std::string take_failure() override { return note_->take(); }
    // Whoever works on a store's file holds its lock (installation/store_lock.h).
    bool is_shared() const override { return false; }

private:
    SqliteDatabase(std::unique_ptr<FailureNote> note, std::unique_ptr<SqliteWriter> writer,
                   std::unique_ptr<SqliteReader> reader);

    std::unique_ptr<FailureNote> note_;  // before those that write to it
    std::unique_ptr<SqliteWriter> writer_;
    std::unique_ptr<SqliteReader> reader_;
};

}  // namespace merlon::storage
