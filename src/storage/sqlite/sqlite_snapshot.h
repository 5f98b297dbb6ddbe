// A SQLite file at one moment: a reading transaction that stays open while others write. Their
// journal grows meanwhile: what it holds goes into the file after the snapshot has gone.
#pragma once

#include <memory>

#include "storage/snapshot.h"
#include "storage/sqlite/sqlite_connection.h"

namespace merlon::storage {

// Resource; one thread, which its queries block.
class SqliteSnapshot final : public Snapshot {
public:
    // The file is there. Errors: those of SqliteConnection::open.
    static Result<std::unique_ptr<SqliteSnapshot>> open(std::filesystem::path path);

    Task<Rows> query(Sql sql, Parameters parameters = {}) override;

private:
    SqliteSnapshot(std::unique_ptr<FailureNote> note, SqliteConnection connection)
        : note_(std::move(note)), connection_(std::move(connection)) {}

    std::unique_ptr<FailureNote> note_;  // before who writes to it
    SqliteConnection connection_;
};

// Nobody writes to the file for as long as this lives: the server's writer waits. Resource.
class SqlitePause final {
public:
    // The file is there. Waits five seconds for who is writing. Errors: those of
    // SqliteConnection::open.
    static Result<std::unique_ptr<SqlitePause>> begin(std::filesystem::path path);

private:
    SqlitePause(std::unique_ptr<FailureNote> note, SqliteConnection connection)
        : note_(std::move(note)), connection_(std::move(connection)) {}

    std::unique_ptr<FailureNote> note_;  // before who writes to it
    SqliteConnection connection_;
};

}  // namespace merlon::storage
