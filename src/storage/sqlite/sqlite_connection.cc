// SQLite through its C interface, hardened.
#include "storage/sqlite/sqlite_connection.h"

#include <fmt/format.h>

#include <cerrno>

#include "base/text.h"
#include "storage/sqlite/private_file.h"

namespace merlon::storage {
namespace {

void bind(sqlite3_stmt* statement, int position, const Value& value) {
    int code = SQLITE_OK;
    // SQLITE_STATIC: the parameters outlive the steps, and the bindings are cleared after them.
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        code = sqlite3_bind_int64(statement, position, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        code = sqlite3_bind_text64(statement, position, text->data(), text->size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
        code = sqlite3_bind_blob64(statement, position, blob->bytes.data(), blob->bytes.size(),
                                   SQLITE_STATIC);
    } else {
        code = sqlite3_bind_null(statement, position);
    }
    MERLON_ASSERT(code == SQLITE_OK);
}

// `$1` is a name to SQLite, numbered by first appearance, so the number is read from the name.
void bind_all(sqlite3_stmt* statement, const Parameters& parameters) {
    const int count = sqlite3_bind_parameter_count(statement);
    for (int position = 1; position <= count; ++position) {
        const char* name = sqlite3_bind_parameter_name(statement, position);
        MERLON_ASSERT(name != nullptr && name[0] == '$');
        const auto number = text::parse_number<std::size_t>(name + 1);
        MERLON_ASSERT(number && *number >= 1 && *number <= parameters.size());
        bind(statement, position, parameters[*number - 1]);
    }
}

Value cell(sqlite3_stmt* statement, int column) {
    const auto bytes = [&](const void* data) {
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
        return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
    };
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(statement, column)};
        case SQLITE_TEXT:
            return bytes(sqlite3_column_text(statement, column));
        case SQLITE_BLOB:
            return Blob{bytes(sqlite3_column_blob(statement, column))};
        default:
            // Money and counts are integers here: a floating cell is a broken promise.
            MERLON_ASSERT(sqlite3_column_type(statement, column) == SQLITE_NULL);
            return {};
    }
}

// Leaves the statement ready for its next use and no pointer into the parameters behind, also when
// a step failed: an unfinished reading statement would hold back the checkpoint.
class Reset {
public:
    explicit Reset(sqlite3_stmt* statement) : statement_(statement) {}
    ~Reset() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;

private:
    sqlite3_stmt* statement_;
};

// PostgreSQL's functions that statements of ours name, so that one text serves both. They tell
// processes of each other, and here is one: nothing happens, and all is of one time.
void add_postgres_functions(sqlite3* handle) {
    struct Function {
        const char* name;
        int arguments;
        void (*call)(sqlite3_context*, int, sqlite3_value**);
    };
    const auto nothing = [](sqlite3_context*, int, sqlite3_value**) {};
    const auto zero = [](sqlite3_context* context, int, sqlite3_value**) {
        sqlite3_result_int64(context, 0);
    };
    const Function all[] = {{"pg_notify", 2, nothing},
                            {"pg_current_xact_id", 0, zero},
                            {"pg_current_snapshot", 0, zero},
                            {"pg_snapshot_xmin", 1, zero}};
    for (const Function& one : all) {
        const int code = sqlite3_create_function_v2(handle, one.name, one.arguments,
                                                    SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                                                    one.call, nullptr, nullptr, nullptr);
        MERLON_ASSERT(code == SQLITE_OK);
    }
}

}  // namespace

Result<SqliteConnection> SqliteConnection::open(std::filesystem::path path, Access access,
                                                std::chrono::milliseconds lock_wait,
                                                FailureNote& note) {
    if (access == Access::Write) MERLON_TRY(make_private_file(path));
    // NOMUTEX: a connection is used by one thread. No URI: a path with '?' is a path.
    const int flags = (access == Access::Write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    SqliteConnection connection(std::move(path), access, handle, note);
    if (code != SQLITE_OK) return connection.failure(code);
    const Result<> hardened = connection.harden(lock_wait);
    // SQLite drops the errno of a journal that it could not create: creating it here gets that
    // errno again.
    if (!hardened && access == Access::Write) {
        MERLON_TRY(make_private_file(connection.path_.string() + "-wal"));
    }
    MERLON_TRY(Result<>(hardened));
    return connection;
}

Result<> SqliteConnection::harden(std::chrono::milliseconds lock_wait) {
    sqlite3* handle = handle_.get();
    sqlite3_busy_timeout(handle, static_cast<int>(lock_wait.count()));
    // A hostile file may carry a schema that runs code when we read it (sqlite.org/security.html).
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    // "text" in double quotes is a name, never a string: a misspelt column is an error.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    add_postgres_functions(handle);
    MERLON_TRY(run_script(R"(
        PRAGMA foreign_keys = ON;
        PRAGMA trusted_schema = OFF;
        PRAGMA cell_size_check = ON;
        PRAGMA temp_store = MEMORY)"));
    if (access_ == Access::ReadOnly) return run_script("PRAGMA query_only = ON");
    // secure_delete: a destroyed key must not stay in a free page.
    // wal_checkpoint: a process that was killed may have left a commit that it had not synced. We
    // would answer by it, so it has to last from now on.
    return run_script(R"(
        PRAGMA secure_delete = ON;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_checkpoint)");
}

Result<Rows> SqliteConnection::query(Sql sql, const Parameters& parameters) {
    sqlite3_stmt* statement = MERLON_TRY(prepare(sql));
    // The reading connection could not run it; better that its author hears of it at once.
    MERLON_ASSERT(access_ == Access::Write || sqlite3_stmt_readonly(statement) != 0);
    const Reset reset(statement);
    bind_all(statement, parameters);

    const int columns = sqlite3_column_count(statement);
    std::vector<Value> cells;
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
        for (int column = 0; column < columns; ++column) cells.push_back(cell(statement, column));
    }
    if (code != SQLITE_DONE) return failure(code);
    const std::int64_t affected =
        sqlite3_stmt_readonly(statement) != 0 ? 0 : sqlite3_changes64(handle_.get());
    return Rows(std::move(cells), static_cast<std::size_t>(columns), affected);
}

Result<> SqliteConnection::run_script(Sql script) {
    const std::string text(script.text());
    const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
}

Result<sqlite3_stmt*> SqliteConnection::prepare(Sql sql) {
    const auto known = statements_.find(sql.text().data());
    if (known != statements_.end()) return known->second.get();
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_.get(), sql.text().data(), static_cast<int>(sql.text().size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, &rest);
    Statement owner(statement);
    if (code != SQLITE_OK) return failure(code);
    MERLON_ASSERT(statement != nullptr && *rest == '\0');  // exactly one statement
    statements_.emplace(sql.text().data(), std::move(owner));
    return statement;
}

// SQLite says FULL of its own file, and only "I/O error" where its journal or a sync found no room.
std::string SqliteConnection::failure_text(int code) const {
    if (!handle_) return "out of memory";
    const int kind = code & 0xff;
    const int error = sqlite3_system_errno(handle_.get());
    const bool found_no_room =
        (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN) && (error == ENOSPC || error == EDQUOT);
    return kind == SQLITE_FULL || found_no_room ? file_error_text(ENOSPC)
                                                : sqlite3_errmsg(handle_.get());
}

std::unexpected<Error> SqliteConnection::failure(int code) const {
    std::string detail =
        fmt::format("{}: {} (SQLite {})", path_.string(), failure_text(code), code);
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
                return fail(Kind::Conflict, "storage.unique", std::move(detail));
            }
            return fail(Kind::Conflict, "storage.constraint", std::move(detail));
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            note_->write(detail);
            return fail(Kind::Corrupt, "storage.corrupt", std::move(detail));
        case SQLITE_ERROR:
        case SQLITE_MISMATCH:
            return fail(Kind::Corrupt, schema_rule, std::move(detail));
        default:  // FULL, IOERR, READONLY, BUSY, CANTOPEN, LOCKED, PERM, NOMEM, …
            note_->write(detail);
            return fail(Kind::Unavailable, "storage.unavailable", std::move(detail));
    }
}

}  // namespace merlon::storage
