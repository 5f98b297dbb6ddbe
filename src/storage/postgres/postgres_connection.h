// One connection to PostgreSQL by libpq, non-blocking, on one loop. A transaction's BEGIN travels
// with its first statement, a statement's preparation with its first use: libpq's pipeline mode.
#pragma once

#include <libpq-fe.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "storage/database.h"
#include "storage/failure_note.h"
#include "storage/postgres/postgres_settings.h"

namespace merlon::storage {

// "40001" or "40P01": the database chose this transaction to lose against another. "55P03": another
// held a lock for longer than lock_timeout. Nothing of it was done, and the same again may succeed.
// Never leaves the adapter.
inline constexpr std::string_view lost_race_rule = "storage.lost_race";

// How a transaction sees the others.
enum class Isolation : std::uint8_t {
    Serializable,  // as if there were none
    // Each statement sees what is committed by then.
    ByRow,
    // So, too. The deadline of its statements is minutes: it waits for the others, and changes
    // whole tables.
    Alone,
    // It sees what was committed when its first statement began, and writes nothing. The deadline
    // of its statements is minutes: it reads whole tables.
    Snapshot,
};

// Resource; one thread, its loop's; one statement at a time. Once is_broken(), every call fails
// with "storage.unavailable".
class PostgresConnection final {
public:
    // Borrows clock, settings and note for life: what breaks the connection is written to the note.
    PostgresConnection(Executor executor, const Clock& clock, const PostgresSettings& settings,
                       FailureNote& note);
    ~PostgresConnection();
    PostgresConnection(const PostgresConnection&) = delete;
    PostgresConnection& operator=(const PostgresConnection&) = delete;

    // Once, first. Errors: "storage.unavailable", the detail names the host and libpq's reason.
    Task<> connect();

    // One statement by itself or, after begin(), in the transaction. Errors: Transaction::query's
    // and lost_race_rule.
    Task<Rows> query(Sql sql, Parameters parameters);
    // Several statements; only inside a transaction.
    Task<> run_script(Sql script);

    // From the next statement on. Costs no round trip.
    void begin(Isolation isolation) {
        state_ = State::ToBegin;
        isolation_ = isolation;
    }
    // in_doubt_rule (Unavailable): the connection broke before the answer came; it may have
    // been committed or not.
    Task<> commit();
    Task<> roll_back();

    // Returns when a notification has come that a LISTEN asked for. Has no deadline: give_up() ends
    // it. Errors: "storage.unavailable", once the connection broke.
    Task<> await_notice();

    bool is_broken() const { return is_broken_; }
    // When what is under way began, and when it has to be over; never, when nothing is.
    SteadyTime busy_since() const { return busy_since_; }
    SteadyTime deadline() const { return deadline_; }
    // The server's number for it: its process there.
    int backend() const { return PQbackendPID(connection_); }
    // Ends what is under way with "storage.unavailable" and breaks the connection: the server
    // notices by its own statement_timeout, so nobody has to ask it to cancel.
    void give_up();

private:
    enum class State : std::uint8_t { Idle, ToBegin, InTransaction };
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    using Answer = std::unique_ptr<PGresult, Clear>;
    struct Answers {
        Answer last;
        int good = 0;
        std::optional<Error> failed;  // the first
    };
    using Socket = asio::posix::basic_stream_descriptor<Executor>;

    class Busy;

    Task<std::string> addresses();
    Task<> poll_connecting();
    Task<Answers> exchange(int count);
    Task<> flush();
    Task<Answer> next_answer();
    Task<> wait_for(Socket::wait_type what);
    void watch_socket();
    void let_go_of_socket();
    Task<> plain(const char* statement);
    Task<> begin_now();
    std::chrono::milliseconds statement_max() const;
    std::unexpected<Error> failure(const PGresult* result) const;
    std::unexpected<Error> broken(std::string why);

    const Clock& clock_;
    const PostgresSettings& settings_;
    FailureNote& note_;
    PGconn* connection_ = nullptr;
    Socket socket_;
    SteadyTime busy_since_ = SteadyTime::max();
    SteadyTime deadline_ = SteadyTime::max();
    State state_ = State::Idle;
    Isolation isolation_ = Isolation::Serializable;  // of the transaction, when there is one
    bool is_broken_ = false;
    std::unordered_map<std::string, std::string> statements_;  // address and types → name
};

}  // namespace merlon::storage
