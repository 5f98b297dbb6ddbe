// One connection that cannot write, and its transaction.
#include "storage/sqlite/sqlite_snapshot.h"

namespace merlon::storage {
namespace {

// For another process's commit or checkpoint.
constexpr std::chrono::seconds lock_wait{5};

}  // namespace

Result<std::unique_ptr<SqliteSnapshot>> SqliteSnapshot::open(std::filesystem::path path) {
    auto note = std::make_unique<FailureNote>();
    SqliteConnection connection =
        MERLON_TRY(SqliteConnection::open(std::move(path), Access::ReadOnly, lock_wait, *note));
    MERLON_TRY(connection.run_script("BEGIN"));
    // The moment is that of the first read.
    MERLON_TRY(connection.query("SELECT count(*) FROM sqlite_schema"));
    return std::unique_ptr<SqliteSnapshot>(
        new SqliteSnapshot(std::move(note), std::move(connection)));
}

Task<Rows> SqliteSnapshot::query(Sql sql, Parameters parameters) {
    co_return connection_.query(sql, parameters);
}

Result<std::unique_ptr<SqlitePause>> SqlitePause::begin(std::filesystem::path path) {
    auto note = std::make_unique<FailureNote>();
    SqliteConnection connection =
        MERLON_TRY(SqliteConnection::open(std::move(path), Access::Write, lock_wait, *note));
    MERLON_TRY(connection.run_script("BEGIN IMMEDIATE"));
    return std::unique_ptr<SqlitePause>(new SqlitePause(std::move(note), std::move(connection)));
}

}  // namespace merlon::storage
