// The statements of one transaction on one connection.
#pragma once

#include <optional>

#include "storage/postgres/postgres_connection.h"

namespace merlon::storage {

// One attempt at a work. Borrows the connection.
class PostgresTransaction final : public Transaction {
public:
    PostgresTransaction(PostgresConnection& connection, Isolation isolation)
        : connection_(connection) {
        connection_.begin(isolation);
    }
    ~PostgresTransaction() override {
        for (const auto& forget : when_over_) forget();
    }
    PostgresTransaction(const PostgresTransaction&) = delete;
    PostgresTransaction& operator=(const PostgresTransaction&) = delete;

    Task<Rows> query(Sql sql, Parameters parameters) override;
    Task<> run_script(Sql script) override;
    void when_over(std::function<void()> forget) override {
        when_over_.push_back(std::move(forget));
    }

    // Of one whose work takes minutes, first: the server lets its statements, and the pauses
    // between them, take so long.
    Task<> give_time();
    // Of an Alone one, first: the same, and waits until no other is under way.
    Task<> lock_others_out();
    // COMMIT when the work and all of its statements succeeded, else ROLLBACK and the first error.
    Task<> end(Result<> worked);

private:
    Result<> outcome() const;

    PostgresConnection& connection_;
    std::optional<Error> failure_;
    std::vector<std::function<void()>> when_over_;
};

}  // namespace merlon::storage
