// PostgreSQL behind the Database port: one thread with a loop of its own, a pool of connections on
// it. Transactions are SERIALIZABLE unless they say otherwise; one that loses a race runs again.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/entropy.h"
#include "storage/database.h"
#include "storage/failure_note.h"
#include "storage/postgres/postgres_listener.h"

namespace merlon::storage {

class PostgresPool;

// Resource. transact() and query() are safe from every thread; stop() and the destructor are the
// owner's. Callers' loops may be destroyed before or after it.
class PostgresDatabase final : public Database {
public:
    // Fails with "storage.unavailable" when no connection can be made: the detail names the host
    // and the reason. Borrows clock and entropy for life.
    static Result<std::unique_ptr<PostgresDatabase>> open(
        std::shared_ptr<const PostgresSettings> settings, const Clock& clock, Entropy& entropy);
    ~PostgresDatabase() override;

    Task<Rows> query(Sql sql, Parameters parameters = {}) override;
    // Beside the errors of the port: in_doubt_rule (Unavailable), when the connection broke
    // while the commit was under way, so that it may have happened or not.
    Task<> transact_work(Work work) override;
    Task<> transact_work_by_row(Work work) override;
    // Under an advisory lock that lasts as long as the transaction.
    Task<> transact_alone(Work work) override;
    void on_notice(Sql listen, std::function<void()> hear) override;
    std::string take_failure() override { return note_.take(); }
    bool is_shared() const override { return true; }

    // Finishes what was begun, closes the connections and joins the thread. Later calls fail with
    // "storage.unavailable". Calling it twice is fine.
    void stop();

private:
    PostgresDatabase(std::shared_ptr<const PostgresSettings> settings, const Clock& clock,
                     Entropy& entropy);
    template <class T>
    Task<T> on_our_loop(std::function<Task<T>()> begin);
    Result<> enter();
    void leave();

    Task<Rows> run_query(Sql sql, Parameters parameters);
    Task<> run_transaction(Work work, Isolation isolation);
    Task<> pause(std::chrono::milliseconds length);

    const std::shared_ptr<const PostgresSettings> settings_;
    const Clock& clock_;
    Entropy& entropy_;
    FailureNote note_;
    asio::io_context loop_{1};
    asio::executor_work_guard<Executor> kept_running_{loop_.get_executor()};
    std::unique_ptr<PostgresPool> pool_;
    PostgresListener listener_;
    std::atomic<bool> is_closed_{false};
    std::atomic<std::size_t> under_way_{0};
    std::thread thread_;
};

}  // namespace merlon::storage
