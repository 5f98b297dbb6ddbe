// A PostgreSQL database at one moment: one connection with a REPEATABLE READ, READ ONLY transaction
// that stays open. The server keeps the rows that others delete meanwhile.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "storage/postgres/postgres_transaction.h"
#include "storage/snapshot.h"

namespace merlon::storage {

// Resource; one thread. Its loop runs while a query is waited for, and keeps the deadline.
class PostgresSnapshot final : public Snapshot {
public:
    // Errors: "storage.unavailable": the detail names the host and the reason. Borrows the clock.
    static Result<std::unique_ptr<PostgresSnapshot>> open(
        std::shared_ptr<const PostgresSettings> settings, const Clock& clock);
    ~PostgresSnapshot() override;

    Task<Rows> query(Sql sql, Parameters parameters = {}) override;

private:
    PostgresSnapshot(std::shared_ptr<const PostgresSettings> settings, const Clock& clock);
    template <class T>
    Result<T> run(Task<T> task);
    Task<> begin();

    const std::shared_ptr<const PostgresSettings> settings_;
    const Clock& clock_;
    FailureNote note_;
    asio::io_context loop_{1};
    std::unique_ptr<PostgresConnection> connection_;
    std::optional<PostgresTransaction> transaction_;  // after what it borrows
};

}  // namespace merlon::storage
