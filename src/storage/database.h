// The port through which every role reaches its tables. SQLite and PostgreSQL stand behind it; the
// repositories above do not know which. Statements are literals with $1 parameters, in the SQL both
// speak (RETURNING, ON CONFLICT).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/task.h"

namespace merlon::storage {

// The tables are not those the statement was written for (Corrupt).
inline constexpr std::string_view schema_rule = "storage.schema";
// The database's user may not do that (Corrupt).
inline constexpr std::string_view denied_rule = "storage.denied";
// The connection broke before the answer to COMMIT came: it may be committed or not (Unavailable).
inline constexpr std::string_view in_doubt_rule = "storage.in_doubt";

// Bytes, as opposed to text: BLOB in SQLite, bytea in PostgreSQL.
struct Blob {
    std::string bytes;
    friend bool operator==(const Blob&, const Blob&) = default;
};

// One cell or one parameter.
using Value = std::variant<std::monostate, std::int64_t, std::string, Blob>;
using Parameters = std::vector<Value>;

// Statement text that can only be made from a literal, so no input can become SQL.
class Sql {
public:
    consteval Sql(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)
    std::string_view text() const { return text_; }

private:
    // Makes the statements that copy a table of names that it has judged.
    friend class TableStatements;
    struct Made {
        std::string_view text;
    };
    explicit Sql(Made made) : text_(made.text) {}

    std::string_view text_;
};

// One row of an answer. Borrows from its Rows. Reading a cell as a type it does not hold is a
// broken promise of the statement's author and stops the process.
class Row {
public:
    explicit Row(const Value* cells) : cells_(cells) {}
    std::int64_t integer(std::size_t column) const {
        return std::get<std::int64_t>(cells_[column]);
    }
    const std::string& text(std::size_t column) const {
        return std::get<std::string>(cells_[column]);
    }
    const Value& value(std::size_t column) const { return cells_[column]; }
    const std::string& blob(std::size_t column) const {
        return std::get<Blob>(cells_[column]).bytes;
    }
    bool is_null(std::size_t column) const {
        return std::holds_alternative<std::monostate>(cells_[column]);
    }

private:
    const Value* cells_;
};

// The answer of one statement.
class Rows {
public:
    Rows() = default;
    Rows(std::vector<Value> cells, std::size_t columns, std::int64_t affected)
        : cells_(std::move(cells)), columns_(columns), affected_(affected) {}

    std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
    bool empty() const { return size() == 0; }
    Row operator[](std::size_t index) const { return Row(cells_.data() + index * columns_); }
    // Rows an INSERT, UPDATE or DELETE changed.
    std::int64_t affected() const { return affected_; }

private:
    std::vector<Value> cells_;
    std::size_t columns_ = 0;
    std::int64_t affected_ = 0;
};

// What a statement may do inside transact(). Lives only as long as the function it was given to.
//
// After a statement failed, the transaction can only be rolled back: every further statement gives
// the same error, and so does the transaction, whatever its work returns. (PostgreSQL knows nothing
// else.) A work that expects a conflict says ON CONFLICT DO NOTHING and looks at the rows.
class Transaction {
public:
    virtual ~Transaction() = default;
    // Errors: "storage.unique" (Conflict), "storage.constraint" (Conflict: a foreign key or CHECK),
    // schema_rule, denied_rule, "storage.unavailable", "storage.corrupt".
    virtual Task<Rows> query(Sql sql, Parameters parameters = {}) = 0;
    // Several statements separated by ';', without parameters: migrations.
    virtual Task<> run_script(Sql script) = 0;
    // Has `forget` called once the transaction is over, committed or not: when its change can be
    // read, and before anybody hears of it. For what memory holds of the rows it changes. On a
    // thread of the database, perhaps when the transaction's caller is gone; it may not block.
    virtual void when_over(std::function<void()> forget) = 0;
};

// A database of one role. Resource; shared by all workers; safe to call from any loop: the answer
// arrives on the caller's executor.
class Database {
public:
    // Work inside a transaction. It awaits only its Transaction, may run again from the start, and
    // therefore changes nothing outside but what it returns. A refusal (any error) rolls back.
    // It runs and dies on a thread of the database, perhaps after its caller is gone: it captures
    // values, never references to the caller's frame or to anything that belongs to a loop.
    using Work = std::function<Task<>(Transaction&)>;

    virtual ~Database() = default;

    // One statement that only reads, on the newest committed state. Errors: those of
    // Transaction::query and "storage.busy" (Unavailable: too many are waiting).
    virtual Task<Rows> query(Sql sql, Parameters parameters = {}) = 0;

    // Runs `work` atomically and durably: when this succeeds, the change survives a power cut. It
    // is as if there were no others at the same time; one that they got in the way of runs again.
    // For that PostgreSQL remembers what each has read, of an index whole pages: a work that many
    // run at once reads no range, nor looks for what is not there, next to where the others write.
    // Destroying the awaiting coroutine's loop does not undo it: the work still runs and its answer
    // is dropped. Errors: the work's own and those of query().
    virtual Task<> transact_work(Work work) = 0;

    // The same but for the others: each statement sees what is committed by then, and one that
    // changes a row waits for who is changing it. For rows that everybody changes, as a stock is,
    // where to run again would be to run again and again. What such a work has read may hold no
    // more; what has to hold is judged by the statement that changes it.
    virtual Task<> transact_work_by_row(Work work) = 0;

    // By row, and while no other such work is under way on the database, whoever began it: for what
    // has to be done once by several processes that start together. It may wait for the others, and
    // take minutes.
    virtual Task<> transact_alone(Work work) = 0;

    // From now on has `hear` called when another process may have changed what `listen`, a LISTEN,
    // is about: after its pg_notify() and whenever one may have been missed. On a thread of the
    // database; it may not block. Call it once, before stop().
    virtual void on_notice(Sql listen, std::function<void()> hear) = 0;

    // What went wrong with the database itself since the last call, for the operator's log; empty:
    // nothing.
    virtual std::string take_failure() = 0;

    // Whether other processes may change it meanwhile: then nothing of it is kept in memory.
    virtual bool is_shared() const = 0;

    // transact_work with a value: `work` is a function Transaction& → Task<T>. It is no coroutine
    // itself (a capturing lambda's captures die with it); it calls one with values.
    template <class T, class F>
    Task<T> transact(F work) {
        return with_value<T>(&Database::transact_work, std::move(work));
    }
    template <class T, class F>
    Task<T> transact_by_row(F work) {
        return with_value<T>(&Database::transact_work_by_row, std::move(work));
    }

private:
    template <class T, class F>
    Task<T> with_value(Task<> (Database::*transact)(Work), F work) {
        // Shared with the work, which may outlive this frame when the caller's loop is destroyed.
        auto value = std::make_shared<std::optional<T>>();
        MERLON_CO_TRY(co_await (this->*transact)(
            [value, work = std::move(work)](Transaction& transaction) mutable {
                return keep_value<T>(value, work(transaction));
            }));
        MERLON_ASSERT(value->has_value());
        co_return std::move(**value);
    }

    template <class T>
    static Task<> keep_value(std::shared_ptr<std::optional<T>> value, Task<T> task) {
        *value = MERLON_CO_TRY(co_await std::move(task));
        co_return Result<>{};
    }
};

}  // namespace merlon::storage
