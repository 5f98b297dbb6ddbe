// Runs the loop of its connection for as long as a statement takes.
#include "storage/postgres/postgres_session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/steady_timer.hpp>

#include "base/spawn.h"

namespace merlon::storage {
namespace {

// How late a deadline may be noticed.
constexpr std::chrono::milliseconds looked_after_every{100};

// SHARE lets others read, and waits for those who write. In one order, so that two of them do not
// wait for each other. A literal names no table: their names are in a setting of the transaction.
constexpr Sql lock_tables = R"(
    DO $$
    DECLARE one regclass;
    BEGIN
        FOR one IN SELECT oid::regclass FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname = ANY (string_to_array(current_setting('merlon.paused'), ' '))
            AND has_table_privilege(oid, 'UPDATE, DELETE') ORDER BY relname
        LOOP
            EXECUTE format('LOCK TABLE %s IN SHARE MODE', one);
        END LOOP;
    END $$)";

}  // namespace

Result<std::unique_ptr<PostgresSession>> PostgresSession::begin(
    std::shared_ptr<const PostgresSettings> settings, Isolation isolation, const Clock& clock) {
    std::unique_ptr<PostgresSession> session(new PostgresSession(std::move(settings), clock));
    MERLON_TRY(session->run(session->connect(isolation)));
    return session;
}

PostgresSession::PostgresSession(std::shared_ptr<const PostgresSettings> settings,
                                 const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      connection_(
          std::make_unique<PostgresConnection>(loop_.get_executor(), clock_, *settings_, note_)) {}

PostgresSession::~PostgresSession() = default;

Task<> PostgresSession::connect(Isolation isolation) {
    MERLON_CO_TRY(co_await connection_->connect());
    transaction_.emplace(*connection_, isolation);
    // Between two statements is the writing of a batch elsewhere. A snapshot's moment is that of
    // this statement.
    co_return co_await transaction_->give_time();
}

Result<Rows> PostgresSession::query(Sql sql, Parameters parameters) {
    return run(transaction_->query(sql, std::move(parameters)));
}

template <class T>
Result<T> PostgresSession::run(Task<T> task) {
    std::optional<Result<T>> result;
    spawn(loop_.get_executor(), std::move(task),
          [&](Result<T> done) { result.emplace(std::move(done)); });
    while (!result) {
        loop_.restart();
        loop_.run_for(looked_after_every);
        if (clock_.steady() > connection_->deadline()) connection_->give_up();
    }
    return *std::move(result);
}

Result<std::unique_ptr<PostgresSession>> pause_postgres(
    std::shared_ptr<const PostgresSettings> settings, std::span<const std::string> tables,
    const Clock& clock, PausePatience patience) {
    const std::string wait_max = fmt::format("{}", patience.wait_max.count());
    asio::io_context resting;
    for (int tried = 1;; ++tried) {
        auto session = MERLON_TRY(PostgresSession::begin(settings, Isolation::Alone, clock));
        MERLON_TRY(session->query(
            "SELECT set_config('lock_timeout', $1, true), set_config('merlon.paused', $2, true)",
            {wait_max, fmt::format("{}", fmt::join(tables, " "))}));
        const auto locked = session->query(lock_tables);
        if (locked) return session;
        if (locked.error().rule != lost_race_rule) return std::unexpected(locked.error());
        if (tried == patience.tries_max) {
            return fail(
                Kind::Unavailable, "storage.unavailable",
                fmt::format("in {} tries of {} ms somebody was changing rows of {} ({}): end the "
                            "transaction that holds them, which pg_stat_activity shows, or do this "
                            "when less is going on",
                            patience.tries_max, wait_max, settings->database,
                            locked.error().detail));
        }
        session.reset();  // everybody goes on
        asio::steady_timer(resting, patience.rest * (1 << (tried - 1))).wait();
    }
}

}  // namespace merlon::storage
