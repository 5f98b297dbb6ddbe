// The thread that reads a SQLite file, on a connection that cannot write: a read never waits for a
// commit and sees the newest one.
#pragma once

#include <memory>
#include <thread>

#include "base/answer.h"
#include "storage/sqlite/sqlite_connection.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/work_queue.h"

namespace merlon::storage {

// Resource: the thread starts with it and ends with stop().
class SqliteReader {
public:
    SqliteReader(SqliteConnection connection, SqliteLimits limits);
    ~SqliteReader() { stop(); }

    // From any loop.
    Task<Rows> query(Sql sql, Parameters parameters);
    // Answers what waits, then joins the thread. The owner's call.
    void stop();

private:
    struct Job {
        Sql sql;
        Parameters parameters;
        std::shared_ptr<Answer<Rows>> answer;
    };

    void loop();

    SqliteConnection connection_;
    WorkQueue<Job> queue_;
    std::thread thread_;  // last: starts when all else is there
};

}  // namespace merlon::storage
