// Hears what other processes tell of their changes, on a connection of its own.
#pragma once

#include <functional>
#include <memory>

#include "storage/postgres/postgres_connection.h"

namespace merlon::storage {

// Resource; one thread, its loop's.
class PostgresListener final {
public:
    // Borrows clock, settings and note for life.
    PostgresListener(Executor executor, const Clock& clock, const PostgresSettings& settings,
                     FailureNote& note)
        : executor_(executor), clock_(clock), settings_(settings), note_(note) {}

    // Until close(): connects, again and again if need be, and calls `hear` after every notice and
    // after every connecting, since one may have been missed before. `listen` is a LISTEN.
    Task<> run(Sql listen, std::function<void()> hear);
    void close();

private:
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    using Connection = std::shared_ptr<PostgresConnection>;

    Task<> begin(Connection connection, Sql listen);
    Task<> pause();

    Executor executor_;
    const Clock& clock_;
    const PostgresSettings& settings_;
    FailureNote& note_;
    // The one in use: shared with the timers that may have to end what it waits for.
    std::weak_ptr<PostgresConnection> connection_;
    bool is_closed_ = false;
};

}  // namespace merlon::storage
