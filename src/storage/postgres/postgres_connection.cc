// libpq on Asio. Read query() first.
#include "storage/postgres/postgres_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/lookup.h"
#include "storage/postgres/postgres_dialect.h"
#include "storage/postgres/postgres_values.h"

namespace merlon::storage {
namespace {

// How long a statement of a transaction that is Alone, or a Snapshot, may take.
constexpr std::chrono::minutes long_max{10};
// Between two statements of a transaction.
constexpr std::chrono::milliseconds silent_max{2'000};

const char* begin_statement(Isolation isolation) {
    switch (isolation) {
        case Isolation::Serializable:
            return "BEGIN ISOLATION LEVEL SERIALIZABLE";
        case Isolation::ByRow:
        case Isolation::Alone:
            return "BEGIN ISOLATION LEVEL READ COMMITTED";
        case Isolation::Snapshot:
            return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    }
    MERLON_ASSERT(false);
}

// A Sql is made of a literal, which ends with a NUL. Its address is its name, too.
const char* literal(Sql sql) {
    return sql.text().data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
}

bool is_good(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

std::string without_line_feeds(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    std::ranges::replace(text, '\n', ' ');
    return text;
}

// SQLSTATE, appendix A of PostgreSQL's manual.
std::pair<Kind, std::string_view> kind_of(std::string_view state) {
    if (state == "40001" || state == "40P01" || state == "55P03") {
        return {Kind::Unavailable, lost_race_rule};
    }
    if (state == "23505") return {Kind::Conflict, "storage.unique"};
    if (state.starts_with("23")) return {Kind::Conflict, "storage.constraint"};
    // The tables are there, but were never granted to this user: an operator has to look.
    if (state == "42501") return {Kind::Corrupt, denied_rule};
    if (state.starts_with("42") || state == "0A000") return {Kind::Corrupt, schema_rule};
    if (state == "XX001" || state == "XX002") return {Kind::Corrupt, "storage.corrupt"};
    return {Kind::Unavailable, "storage.unavailable"};
}

}  // namespace

// For as long as something is under way on the connection.
class PostgresConnection::Busy {
public:
    Busy(PostgresConnection& connection, std::chrono::milliseconds most) : connection_(connection) {
        connection_.busy_since_ = connection_.clock_.steady();
        connection_.deadline_ = connection_.busy_since_ + most;
    }
    ~Busy() { connection_.busy_since_ = connection_.deadline_ = SteadyTime::max(); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

private:
    PostgresConnection& connection_;
};

PostgresConnection::PostgresConnection(Executor executor, const Clock& clock,
                                       const PostgresSettings& settings, FailureNote& note)
    : clock_(clock), settings_(settings), note_(note), socket_(executor) {}

PostgresConnection::~PostgresConnection() {
    let_go_of_socket();
    PQfinish(connection_);
}

// libpq would look a name up itself, and block the loop meanwhile.
Task<std::string> PostgresConnection::addresses() {
    if (settings_.host.starts_with('/')) co_return std::string();
    const auto found = co_await look_up(settings_.host, settings_.connect_max);
    if (!found) co_return broken(found.error().detail);
    std::string list;
    for (const auto& address : *found) {
        if (!list.empty()) list += ',';
        list += address.to_string();
    }
    co_return list;
}

Task<> PostgresConnection::connect() {
    const Busy busy(*this, settings_.connect_max);
    const std::string addresses = MERLON_CO_TRY(co_await this->addresses());
    // A name for each address: it is what the certificate is held against.
    std::string hosts = settings_.host;
    for (const char c : addresses) {
        if (c == ',') hosts += ',' + settings_.host;
    }
    const std::string port = std::to_string(settings_.port);
    const std::string password(settings_.password.reveal());
    // A statement does not run on for long after we gave it up: nobody waits for it any more. A
    // transaction sends its statements without a pause, so one whose process was stopped or cut off
    // between two of them holds its rows no longer than that either. The server probes our
    // connections for dead ones: the two hours that Linux waits by default would fill its
    // connection slots with ours.
    const std::string options = fmt::format(
        "-c statement_timeout={} -c idle_in_transaction_session_timeout={} "
        "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
        settings_.statement_max.count(), std::min(settings_.statement_max, silent_max).count());
    // All that libpq would else take from the environment or from files of its user.
    const std::array<std::pair<const char*, const char*>, 21> given = {{
        {"host", hosts.c_str()},
        {"hostaddr", addresses.c_str()},
        {"port", port.c_str()},
        {"dbname", settings_.database.c_str()},
        {"user", settings_.user.c_str()},
        {"password", password.c_str()},
        {"passfile", "/nonexistent"},
        {"options", options.c_str()},
        {"application_name", "merlon"},
        {"client_encoding", "UTF8"},
        {"gssencmode", "disable"},
        {"channel_binding", settings_.binds_channel() ? "require" : "prefer"},
        // A listening connection asks nothing, and would never notice that the server is away.
        {"keepalives_idle", "5"},
        {"keepalives_interval", "2"},
        {"keepalives_count", "3"},
        // Milliseconds until what nobody acknowledges has lost the connection: the kernel would go
        // on trying for a quarter of an hour.
        {"tcp_user_timeout", "2000"},
        {"target_session_attrs", "read-write"},
        {"sslmode", settings_.tls_mode.c_str()},
        {"sslrootcert", settings_.tls_authorities.c_str()},
        {"sslcert", settings_.tls_certificate.c_str()},
        {"sslkey", settings_.tls_key.c_str()},
    }};
    std::array<const char*, given.size() + 1> names{};
    std::array<const char*, given.size() + 1> values{};
    for (std::size_t i = 0; i < given.size(); ++i) std::tie(names[i], values[i]) = given[i];
    connection_ = PQconnectStartParams(names.data(), values.data(), 0);
    MERLON_ASSERT(connection_ != nullptr);  // or no memory
    MERLON_CO_TRY(co_await poll_connecting());
    // A warning that nobody asked for would go to standard error.
    PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
    if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
        co_return broken("cannot go on without waiting");
    }
    co_return Result<>{};
}

Task<> PostgresConnection::poll_connecting() {
    if (PQstatus(connection_) == CONNECTION_BAD) co_return broken(PQerrorMessage(connection_));
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        watch_socket();  // another address is another socket
        MERLON_CO_TRY(co_await wait_for(next == PGRES_POLLING_READING ? Socket::wait_read
                                                                      : Socket::wait_write));
        next = PQconnectPoll(connection_);
        if (next == PGRES_POLLING_FAILED) co_return broken(PQerrorMessage(connection_));
    }
    watch_socket();
    co_return Result<>{};
}

Task<Rows> PostgresConnection::query(Sql sql, Parameters parameters) {
    if (is_broken_) co_return broken("the connection is broken");
    const Busy busy(*this, statement_max());
    int answers = 0;
    if (state_ == State::ToBegin) {
        if (PQsendQueryParams(connection_, begin_statement(isolation_), 0, nullptr, nullptr,
                              nullptr, nullptr, 1) != 1) {
            co_return broken(PQerrorMessage(connection_));
        }
        ++answers;
        state_ = State::InTransaction;
    }
    const std::string key = fmt::format("{}{}", fmt::ptr(literal(sql)), signature_of(parameters));
    const auto known = statements_.find(key);
    const bool is_new = known == statements_.end();
    const std::string name = is_new ? "s" + std::to_string(statements_.size()) : known->second;
    const PostgresParameters given(parameters);
    if (is_new) {
        if (PQsendPrepare(connection_, name.c_str(), literal(sql), given.count(), given.types()) !=
            1) {
            co_return broken(PQerrorMessage(connection_));
        }
        ++answers;
    }
    if (PQsendQueryPrepared(connection_, name.c_str(), given.count(), given.values(),
                            given.lengths(), given.formats(), 1) != 1) {
        co_return broken(PQerrorMessage(connection_));
    }
    Answers got = MERLON_CO_TRY(co_await exchange(answers + 1));
    if (is_new && got.good >= answers) statements_.emplace(key, name);
    if (got.failed) co_return std::unexpected(*std::move(got.failed));
    co_return rows_of(got.last.get());
}

// Sends what waits and takes its answers. After one that failed, PostgreSQL passes over the others.
Task<PostgresConnection::Answers> PostgresConnection::exchange(int count) {
    if (PQpipelineSync(connection_) != 1) co_return broken(PQerrorMessage(connection_));
    MERLON_CO_TRY(co_await flush());
    Answers answers;
    for (int i = 0; i < count; ++i) {
        answers.last = MERLON_CO_TRY(co_await next_answer());
        if (is_good(answers.last.get())) {
            ++answers.good;
        } else if (!answers.failed) {
            answers.failed = failure(answers.last.get()).error();
        }
        const Answer end = MERLON_CO_TRY(co_await next_answer());
        if (end != nullptr) co_return broken("an answer that nobody asked for");
    }
    const Answer sync = MERLON_CO_TRY(co_await next_answer());
    if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) {
        co_return broken(PQerrorMessage(connection_));
    }
    co_return answers;
}

Task<> PostgresConnection::flush() {
    while (const int left = PQflush(connection_)) {
        if (left < 0) co_return broken(PQerrorMessage(connection_));
        MERLON_CO_TRY(co_await wait_for(Socket::wait_write));
    }
    co_return Result<>{};
}

// Null after the last of a statement. A connection that ended shows as an error.
Task<PostgresConnection::Answer> PostgresConnection::next_answer() {
    while (PQisBusy(connection_) != 0) {
        MERLON_CO_TRY(co_await wait_for(Socket::wait_read));
        if (PQconsumeInput(connection_) != 1) co_return broken(PQerrorMessage(connection_));
    }
    Answer answer(PQgetResult(connection_));
    if (PQstatus(connection_) == CONNECTION_BAD) co_return broken(PQerrorMessage(connection_));
    co_return answer;
}

// Several statements need the simple protocol, which a pipeline does not have.
Task<> PostgresConnection::run_script(Sql script) {
    if (state_ == State::ToBegin) MERLON_CO_TRY(co_await begin_now());
    if (is_broken_) co_return broken("the connection is broken");
    const Busy busy(*this, statement_max());
    const std::string text = to_postgres(script.text());
    if (PQexitPipelineMode(connection_) != 1 || PQsendQuery(connection_, text.c_str()) != 1) {
        co_return broken(PQerrorMessage(connection_));
    }
    MERLON_CO_TRY(co_await flush());
    std::optional<Error> failed;
    while (const Answer answer = MERLON_CO_TRY(co_await next_answer())) {
        if (!failed && !is_good(answer.get())) failed = failure(answer.get()).error();
    }
    if (PQenterPipelineMode(connection_) != 1) co_return broken(PQerrorMessage(connection_));
    if (failed) co_return std::unexpected(*std::move(failed));
    co_return Result<>{};
}

Task<> PostgresConnection::begin_now() {
    state_ = State::InTransaction;
    co_return co_await plain(begin_statement(isolation_));
}

std::chrono::milliseconds PostgresConnection::statement_max() const {
    const bool is_long = state_ != State::Idle &&
                         (isolation_ == Isolation::Alone || isolation_ == Isolation::Snapshot);
    return is_long ? long_max : settings_.statement_max;
}

Task<> PostgresConnection::await_notice() {
    while (true) {
        PGnotify* notice = PQnotifies(connection_);
        if (notice != nullptr) {
            // One is as good as many.
            for (; notice != nullptr; notice = PQnotifies(connection_)) PQfreemem(notice);
            co_return Result<>{};
        }
        MERLON_CO_TRY(co_await wait_for(Socket::wait_read));
        if (PQconsumeInput(connection_) != 1) co_return broken(PQerrorMessage(connection_));
    }
}

Task<> PostgresConnection::plain(const char* statement) {
    if (is_broken_) co_return broken("the connection is broken");
    const Busy busy(*this, statement_max());
    if (PQsendQueryParams(connection_, statement, 0, nullptr, nullptr, nullptr, nullptr, 1) != 1) {
        co_return broken(PQerrorMessage(connection_));
    }
    Answers got = MERLON_CO_TRY(co_await exchange(1));
    if (got.failed) co_return std::unexpected(*std::move(got.failed));
    co_return Result<>{};
}

Task<> PostgresConnection::commit() {
    if (std::exchange(state_, State::Idle) != State::InTransaction) co_return Result<>{};
    if (is_broken_) co_return broken("the connection is broken");
    Result<> done = co_await plain("COMMIT");
    if (!done && is_broken_) {
        co_return fail(Kind::Unavailable, in_doubt_rule, std::move(done).error().detail);
    }
    co_return done;
}

Task<> PostgresConnection::roll_back() {
    if (std::exchange(state_, State::Idle) != State::InTransaction) co_return Result<>{};
    co_return co_await plain("ROLLBACK");
}

void PostgresConnection::give_up() {
    is_broken_ = true;
    deadline_ = SteadyTime::max();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

Task<> PostgresConnection::wait_for(Socket::wait_type what) {
    if (is_broken_) co_return broken("no answer within its deadline");
    const auto [error] = co_await socket_.async_wait(what, as_result);
    if (error) co_return broken("no answer within its deadline");
    co_return Result<>{};
}

void PostgresConnection::watch_socket() {
    const int socket = PQsocket(connection_);
    if (socket_.is_open() && socket_.native_handle() == socket) return;
    let_go_of_socket();
    boost::system::error_code error;
    socket_.assign(socket, error);
    MERLON_ASSERT(!error);
}

// libpq closes it.
void PostgresConnection::let_go_of_socket() {
    if (socket_.is_open()) socket_.release();
}

std::unexpected<Error> PostgresConnection::failure(const PGresult* result) const {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const auto [kind, rule] = kind_of(state == nullptr ? "" : state);
    return fail(
        kind, rule,
        fmt::format("{}: {}", settings_.host, without_line_feeds(PQresultErrorMessage(result))));
}

std::unexpected<Error> PostgresConnection::broken(std::string why) {
    is_broken_ = true;
    std::string detail =
        fmt::format("postgres at {}: {}", settings_.host, without_line_feeds(std::move(why)));
    note_.write(detail);
    return fail(Kind::Unavailable, "storage.unavailable", std::move(detail));
}

}  // namespace merlon::storage
