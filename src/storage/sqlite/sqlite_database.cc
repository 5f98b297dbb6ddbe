// SQLite behind the Database port.
#include "storage/sqlite/sqlite_database.h"

#include "storage/sqlite/sqlite_reader.h"
#include "storage/sqlite/sqlite_writer.h"

namespace merlon::storage {

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(std::filesystem::path path,
                                                             SqliteLimits limits) {
    auto note = std::make_unique<FailureNote>();
    // The writer first: it makes the file and turns the journal on.
    SqliteConnection write =
        MERLON_TRY(SqliteConnection::open(path, Access::Write, limits.lock_wait, *note));
    SqliteConnection read =
        MERLON_TRY(SqliteConnection::open(path, Access::ReadOnly, limits.lock_wait, *note));
    return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(
        std::move(note), std::make_unique<SqliteWriter>(std::move(write), limits),
        std::make_unique<SqliteReader>(std::move(read), limits)));
}

SqliteDatabase::SqliteDatabase(std::unique_ptr<FailureNote> note,
                               std::unique_ptr<SqliteWriter> writer,
                               std::unique_ptr<SqliteReader> reader)
    : note_(std::move(note)), writer_(std::move(writer)), reader_(std::move(reader)) {}

SqliteDatabase::~SqliteDatabase() { stop(); }

Task<Rows> SqliteDatabase::query(Sql sql, Parameters parameters) {
    co_return co_await reader_->query(sql, std::move(parameters));
}

Task<> SqliteDatabase::transact_work(Work work) {
    co_return co_await writer_->run(std::move(work));
}

void SqliteDatabase::stop() {
    reader_->stop();
    writer_->stop();
}

std::size_t SqliteDatabase::commits() const { return writer_->commits(); }

}  // namespace merlon::storage
