// The connections of one process to one database: a few, each leased for one statement or one
// transaction at a time.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <vector>

#include "storage/postgres/pool_members.h"
#include "storage/postgres/pool_pace.h"
#include "storage/postgres/postgres_connection.h"
#include "storage/postgres/waiter_queue.h"

namespace merlon::storage {

// Resource; one thread, its loop's.
class PostgresPool final {
public:
    // A connection, leased for as long as this lives. Then the next waiter gets it; a broken one is
    // closed.
    class Lease {
    public:
        Lease(PostgresPool& pool, PostgresConnection& connection)
            : pool_(&pool), connection_(&connection) {}
        Lease(Lease&& other) noexcept
            : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (connection_ != nullptr) pool_->give_back(*connection_);
        }
        PostgresConnection& operator*() const { return *connection_; }
        PostgresConnection* operator->() const { return connection_; }

    private:
        PostgresPool* pool_;
        PostgresConnection* connection_;
    };

    // Borrows settings, clock and note for life.
    PostgresPool(Executor executor, const Clock& clock, const PostgresSettings& settings,
                 FailureNote& note);

    // An idle connection; else, while there are fewer than connections_max, a new one, the first at
    // once and more at the pace of PoolPace; else the next that is given back (WaiterQueue).
    // Errors: those of PostgresConnection::connect, at once while the last attempt has just failed;
    // "storage.busy" after connect_max.
    Task<Lease> acquire();

    // Opens connections up to the minimum and for waiters, closes those that were idle too long,
    // ends statements that are past their deadline or that the server does not work on. Called
    // once, runs until close().
    void start();
    void close();

private:
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

    struct Waiter {
        Timer timer;
        PostgresConnection* given = nullptr;
    };

    Task<Lease> open();
    Task<> fill();
    bool may_grow() const;
    Result<> may_try() const;
    void give_back(PostgresConnection& connection);
    void wake_waiters();
    void tick();
    void look_after(SteadyTime now);
    void fill_if_needed();
    void probe();
    Task<std::vector<PostgresConnection*>> find_dead(PostgresConnection* probe);
    void end_probe(std::unique_ptr<PostgresConnection> connection, SteadyTime began,
                   const std::vector<PostgresConnection*>& dead);

    Executor executor_;
    const Clock& clock_;
    const PostgresSettings& settings_;
    FailureNote& note_;
    PoolMembers<PostgresConnection> members_;
    WaiterQueue<Waiter> waiters_;  // in the frames that wait
    PoolPace pace_;
    Timer tick_;
    // The connections that probe; not members.
    std::list<std::unique_ptr<PostgresConnection>> probes_;
    bool is_filling_ = false;
    bool is_closed_ = false;
};

}  // namespace merlon::storage
