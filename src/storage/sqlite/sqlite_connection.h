// One connection to a SQLite file: its hardening, its prepared statements, and the translation of
// its errors. Used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "storage/database.h"
#include "storage/failure_note.h"

namespace merlon::storage {

enum class Access : std::uint8_t { Write, ReadOnly };

class SqliteConnection {
public:
    // With Access::Write the file is made when absent, mode 0600 in a directory of mode 0700, and
    // an existing file loses the permissions of group and others. Borrows the note for life: what
    // is no caller's fault is written there.
    static Result<SqliteConnection> open(std::filesystem::path path, Access access,
                                         std::chrono::milliseconds lock_wait, FailureNote& note);

    // One prepared statement with its parameters; all of its rows.
    Result<Rows> query(Sql sql, const Parameters& parameters = {});
    // Several statements without parameters; no rows.
    Result<> run_script(Sql script);

    // Whether a BEGIN is open. SQLite ends a transaction itself when the disk is full or fails.
    bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

    SqliteConnection(std::filesystem::path path, Access access, sqlite3* handle, FailureNote& note)
        : path_(std::move(path)), access_(access), handle_(handle), note_(&note) {}

    Result<> harden(std::chrono::milliseconds lock_wait);
    Result<sqlite3_stmt*> prepare(Sql sql);
    // What SQLite said last, as an error; `code` is its extended result code.
    std::string failure_text(int code) const;
    std::unexpected<Error> failure(int code) const;

    std::filesystem::path path_;
    Access access_;
    std::unique_ptr<sqlite3, Close> handle_;  // before the statements: they go first
    FailureNote* note_;
    // By the address of the literal: a Sql is nothing else, so there are as many as statements in
    // the program.
    std::unordered_map<const char*, Statement> statements_;
};

}  // namespace merlon::storage
