// LISTEN on a connection of its own, made again whenever it breaks.
#include "storage/postgres/postgres_listener.h"

namespace merlon::storage {
namespace {

// Before a connection that broke is made again.
constexpr std::chrono::milliseconds reconnect_pause{200};

}  // namespace

Task<> PostgresListener::run(Sql listen, std::function<void()> hear) {
    while (!is_closed_) {
        const auto connection =
            std::make_shared<PostgresConnection>(executor_, clock_, settings_, note_);
        connection_ = connection;
        Result<> heard = co_await begin(connection, listen);
        while (heard && !is_closed_) {
            hear();
            heard = co_await connection->await_notice();
        }
        if (!is_closed_) co_await pause();
    }
    co_return Result<>{};
}

// Nobody else looks at the deadline of a connection that is not of the pool.
Task<> PostgresListener::begin(Connection connection, Sql listen) {
    Timer deadline(executor_, settings_.connect_max);
    deadline.async_wait([waiting = std::weak_ptr(connection)](boost::system::error_code error) {
        const auto late = waiting.lock();
        if (!error && late) late->give_up();
    });
    MERLON_CO_TRY(co_await connection->connect());
    MERLON_CO_TRY(co_await connection->query(listen, {}));
    co_return Result<>{};
}

Task<> PostgresListener::pause() {
    Timer timer(executor_, reconnect_pause);
    co_await timer.async_wait(as_result);
    co_return Result<>{};
}

void PostgresListener::close() {
    is_closed_ = true;
    if (const auto waiting = connection_.lock()) waiting->give_up();
}

}  // namespace merlon::storage
