// The connections of one process to one database: few, shared, given out one statement or one
// transaction at a time.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <vector>

#include "storage/postgres/postgres_connection.h"

namespace merlon::storage {

// Resource; one thread, its loop's.
class PostgresPool final {
public:
    // A connection for as long as it lives; then it goes to the next who waits, or away if broken.
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

    // Borrows settings and note for life.
    PostgresPool(Executor executor, const PostgresSettings& settings, FailureNote& note);

    // An idle connection, the next that is given back, or, the first at once and others at a
    // measured pace, a new one while there are fewer than connections_max. Errors:
    // PostgresConnection::connect's, at once while the last attempt has just failed; "storage.busy"
    // after connect_max.
    Task<Lease> acquire();

    // Opens connections up to the minimum and for who waits, closes those that were idle too long,
    // ends what is past its deadline, and what waits for an answer that will not come. Called once,
    // runs until close().
    void start();
    void close();

private:
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

    struct Member {
        std::unique_ptr<PostgresConnection> connection;
        bool is_idle = false;  // else somebody has it
        SteadyTime since{};    // that it has been so
    };
    struct Waiter {
        Timer timer;
        SteadyTime since;
        PostgresConnection* given = nullptr;
    };

    PostgresConnection& add(std::unique_ptr<PostgresConnection> connection);
    Task<Lease> open();
    Task<> fill();
    PostgresConnection* take_idle();
    void pace_growth(SteadyTime began);
    bool may_grow() const;
    Result<> may_try() const;
    void note_attempt(SteadyTime began, bool is_good);
    std::list<Waiter*>::iterator next_waiter();
    void give_back(PostgresConnection& connection);
    void remove_with_idle(const PostgresConnection& connection);
    std::list<Member>::iterator member_of(const PostgresConnection& connection);
    void remove(const PostgresConnection& connection);
    void tick();
    void look_after(SteadyTime now);
    std::vector<PostgresConnection*> silent_ones(SteadyTime since) const;
    void ask();
    Task<std::vector<PostgresConnection*>> lost_ones(PostgresConnection* asking);

    Executor executor_;
    const PostgresSettings& settings_;
    FailureNote& note_;
    std::list<Member> members_;   // the most recently used last
    std::list<Waiter*> waiters_;  // in the waiting frames; the first has waited longest
    Timer tick_;
    SteadyTime next_attempt_ = SteadyTime::min();
    SteadyTime last_success_ = SteadyTime::min();  // when the last attempt began that came through
    std::chrono::milliseconds pause_{0};           // before the next attempt after a failure
    SteadyTime next_growth_ = SteadyTime::min();   // no further connection for who waits until then
    SteadyTime next_ask_ = SteadyTime::min();      // after silent ones
    SteadyTime told_at_ = SteadyTime::min();       // when the last who asked was answered
    std::list<std::unique_ptr<PostgresConnection>> asking_;  // beside the members
    bool is_filling_ = false;
    bool is_closed_ = false;
};

}  // namespace merlon::storage
