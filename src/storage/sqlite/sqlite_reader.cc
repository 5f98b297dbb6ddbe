// Runs queued reads one after the other on the reading thread.
#include "storage/sqlite/sqlite_reader.h"

namespace merlon::storage {

SqliteReader::SqliteReader(SqliteConnection connection, SqliteLimits limits)
    : connection_(std::move(connection)), queue_(limits.waiting_max), thread_([this] { loop(); }) {}

Task<Rows> SqliteReader::query(Sql sql, Parameters parameters) {
    co_return co_await Answer<Rows>::wait_for([this, sql, parameters = std::move(parameters)](
                                                  std::shared_ptr<Answer<Rows>> answer) mutable {
        return queue_.push(Job{sql, std::move(parameters), std::move(answer)});
    });
}

void SqliteReader::stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

void SqliteReader::loop() {
    while (!queue_.drained()) {
        for (Job& job : queue_.take(1, std::chrono::hours{1})) {
            job.answer->set(connection_.query(job.sql, job.parameters));
        }
    }
}

}  // namespace merlon::storage
