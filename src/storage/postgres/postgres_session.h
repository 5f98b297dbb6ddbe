// One connection with one transaction that stays open, for commands that work on a whole database:
// on the command's own thread, without a pool.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "storage/postgres/postgres_transaction.h"
#include "storage/snapshot.h"

namespace merlon::storage {

// Resource; one thread, which its statements block: their loop runs, and their deadline is kept,
// while they are waited for. The transaction is rolled back when this goes.
class PostgresSession final {
public:
    // Errors: "storage.unavailable": the detail names the host and the reason. Borrows the clock.
    static Result<std::unique_ptr<PostgresSession>> begin(
        std::shared_ptr<const PostgresSettings> settings, Isolation isolation, const Clock& clock);
    ~PostgresSession();
    PostgresSession(const PostgresSession&) = delete;

    // Errors: Transaction::query's and lost_race_rule.
    Result<Rows> query(Sql sql, Parameters parameters = {});

private:
    PostgresSession(std::shared_ptr<const PostgresSettings> settings, const Clock& clock);
    template <class T>
    Result<T> run(Task<T> task);
    Task<> connect(Isolation isolation);

    const std::shared_ptr<const PostgresSettings> settings_;
    const Clock& clock_;
    FailureNote note_;
    asio::io_context loop_{1};
    std::unique_ptr<PostgresConnection> connection_;
    std::optional<PostgresTransaction> transaction_;  // after what it borrows
};

// The database at one moment: REPEATABLE READ, READ ONLY. The server keeps the rows that others
// delete meanwhile.
class PostgresSnapshot final : public Snapshot {
public:
    static Result<std::unique_ptr<PostgresSnapshot>> open(
        std::shared_ptr<const PostgresSettings> settings, const Clock& clock) {
        return std::unique_ptr<PostgresSnapshot>(new PostgresSnapshot(
            MERLON_TRY(PostgresSession::begin(std::move(settings), Isolation::Snapshot, clock))));
    }
    Task<Rows> query(Sql sql, Parameters parameters = {}) override {
        co_return session_->query(sql, std::move(parameters));
    }

private:
    explicit PostgresSnapshot(std::unique_ptr<PostgresSession> session)
        : session_(std::move(session)) {}
    std::unique_ptr<PostgresSession> session_;
};

// How long a pause waits for those who change rows. Whoever comes while it waits waits behind it,
// so it waits for a short time, and lets everybody go on between two tries.
struct PausePatience {
    std::chrono::milliseconds wait_max{2'000};
    int tries_max = 6;
    std::chrono::milliseconds rest{250};  // after the first try; after each further one twice that
};

// Nobody changes a row of those of the tables that are there and that this user may change, for as
// long as it lives. Errors: "storage.unavailable".
Result<std::unique_ptr<PostgresSession>> pause_postgres(
    std::shared_ptr<const PostgresSettings> settings, std::span<const std::string> tables,
    const Clock& clock, PausePatience patience = {});

}  // namespace merlon::storage
