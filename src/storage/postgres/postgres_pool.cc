// Leases connections, takes them back, and looks after them. Read acquire() first; pool_members.h,
// pool_pace.h and waiter_queue.h decide, this file connects and waits.
#include "storage/postgres/postgres_pool.h"

#include "base/spawn.h"

namespace merlon::storage {
namespace {

// How late a deadline may be kept, and an idle connection be closed.
constexpr std::chrono::milliseconds looked_after_every{100};

// Which of these server processes, a list with commas, work on something.
constexpr Sql active_backends =
    "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity "
    "WHERE pid = ANY (CAST(string_to_array($1, ',') AS INTEGER[])) AND state = 'active'";

}  // namespace

PostgresPool::PostgresPool(Executor executor, const Clock& clock, const PostgresSettings& settings,
                           FailureNote& note)
    : executor_(executor),
      clock_(clock),
      settings_(settings),
      note_(note),
      pace_(settings.connect_max),
      tick_(executor) {}

Task<PostgresPool::Lease> PostgresPool::acquire() {
    const SteadyTime began = clock_.steady();
    if (PostgresConnection* idle = members_.take_idle(began)) co_return Lease(*this, *idle);
    if (may_grow()) co_return co_await open();
    Waiter waiter{Timer(executor_, settings_.connect_max)};
    const auto place = waiters_.add(waiter, began, settings_.connect_max);
    // A waiter that is woken to open a connection may find that another has opened it: it keeps its
    // place.
    WaiterStep step = WaiterStep::Wait;
    while (step == WaiterStep::Wait) {
        co_await waiter.timer.async_wait(as_result);
        if (waiter.given != nullptr) co_return Lease(*this, *waiter.given);
        step = waiters_.step(place, clock_.steady(), may_grow());
    }
    waiters_.remove(place);
    if (step == WaiterStep::Open) co_return co_await open();
    co_return fail(Kind::Unavailable, "storage.busy", "every connection is in use");
}

Task<PostgresPool::Lease> PostgresPool::open() {
    MERLON_CO_TRY(may_try());
    const SteadyTime began = clock_.steady();
    pace_.begin_attempt(began);
    PostgresConnection& connection = members_.add(
        std::make_unique<PostgresConnection>(executor_, clock_, settings_, note_), began);
    const Result<> connected = co_await connection.connect();
    if (!connected) {
        pace_.attempt_failed(began, clock_.steady());
        members_.remove(connection);
        wake_waiters();
        co_return std::unexpected(connected.error());
    }
    pace_.attempt_succeeded(began, clock_.steady());
    co_return Lease(*this, connection);
}

// During a probe the answers are missing, not the connections. Connections that every process opens
// meanwhile would be the first work of a server that comes back.
bool PostgresPool::may_grow() const {
    if (members_.empty()) return true;
    return members_.size() < settings_.connections_max && probes_.empty() &&
           pace_.may_grow(clock_.steady());
}

// While the database is away, most requests fail at once instead of connecting.
Result<> PostgresPool::may_try() const {
    if (pace_.may_try(clock_.steady())) return {};
    return fail(Kind::Unavailable, "storage.unavailable",
                "postgres at " + settings_.host + " was away a moment ago");
}

void PostgresPool::give_back(PostgresConnection& connection) {
    if (connection.is_broken()) {
        members_.remove_broken(connection, pace_.probed_at());
        wake_waiters();
        return;
    }
    const SteadyTime now = clock_.steady();
    if (Waiter* next = waiters_.take_next(now)) {
        members_.pass_on(connection, now);
        next->given = &connection;
        next->timer.cancel();
        return;
    }
    members_.make_idle(connection, now);
}

// After a connection was removed: a waiter may open one in its place, or hears why that fails.
void PostgresPool::wake_waiters() {
    waiters_.for_each([](Waiter& waiter) { waiter.timer.cancel(); });
}

void PostgresPool::start() { tick(); }

// Nobody holds a lease any more. A connection that is still being opened is ended here, since
// nobody is left to keep its deadline.
void PostgresPool::close() {
    is_closed_ = true;
    tick_.cancel();
    for (const auto& probe : probes_) probe->give_up();
    members_.close_idle();
    members_.for_each([](PostgresConnection& connection) { connection.give_up(); });
}

// A tick that was due when close() came is not cancelled any more.
void PostgresPool::tick() {
    if (is_closed_) return;
    look_after(clock_.steady());
    tick_.expires_after(looked_after_every);
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void PostgresPool::look_after(SteadyTime now) {
    members_.for_each([now](PostgresConnection& connection) {
        if (connection.deadline() <= now) connection.give_up();
    });
    if (!waiters_.empty() && may_grow()) waiters_.next(now)->timer.cancel();
    for (const auto& probe : probes_) {
        if (probe->busy_since() <= now - PoolPace::silent_max) probe->give_up();
    }
    if (pace_.may_probe(now) && !members_.silent_since(now - PoolPace::silent_max).empty()) {
        probe();
    }
    members_.close_unused(now, settings_.idle_max, settings_.connections_min);
    fill_if_needed();
}

void PostgresPool::fill_if_needed() {
    if (is_filling_ || members_.size() >= settings_.connections_min || !may_grow() || !may_try()) {
        return;
    }
    is_filling_ = true;
    spawn(executor_, fill(), [this](Result<>) { is_filling_ = false; });
}

Task<> PostgresPool::fill() {
    // Others may have opened connections since it was decided.
    if (members_.size() >= settings_.connections_min) co_return Result<>{};
    MERLON_CO_TRY(co_await open());
    co_return Result<>{};
}

void PostgresPool::probe() {
    const SteadyTime began = clock_.steady();
    pace_.begin_probe(began);
    const auto place = probes_.insert(
        probes_.end(), std::make_unique<PostgresConnection>(executor_, clock_, settings_, note_));
    spawn(executor_, find_dead(place->get()),
          [this, began, place](const Result<std::vector<PostgresConnection*>>& dead) {
              auto connection = std::move(*place);
              probes_.erase(place);
              if (dead && !is_closed_) end_probe(std::move(connection), began, *dead);
          });
}

// When the network was cut, a statement or its answer may be lost, and both sides wait. The server
// says whether it works on the statement. If not, the connection is dead: the statement fails long
// before its deadline, and a caller that may repeat it does so on another connection.
Task<std::vector<PostgresConnection*>> PostgresPool::find_dead(PostgresConnection* probe) {
    MERLON_CO_TRY(co_await probe->connect());
    const SteadyTime silent_since = clock_.steady() - PoolPace::silent_max;
    std::string backends = std::to_string(probe->backend());
    for (const auto* silent : members_.silent_since(silent_since)) {
        backends += ',' + std::to_string(silent->backend());
    }
    const Rows rows = MERLON_CO_TRY(co_await probe->query(active_backends, {backends}));
    std::vector<std::int64_t> active;
    for (std::size_t i = 0; i < rows.size(); ++i) active.push_back(rows[i].integer(0));
    co_return dead_among(members_.silent_since(silent_since), active, *probe);
}

void PostgresPool::end_probe(std::unique_ptr<PostgresConnection> connection, SteadyTime began,
                             const std::vector<PostgresConnection*>& dead) {
    const SteadyTime now = clock_.steady();
    pace_.attempt_succeeded(began, now);
    pace_.probe_answered(now, dead.size());
    for (const auto& other : probes_) other->give_up();
    // The pool keeps the connection that probed when a member is dead or a waiter wants one:
    // opening another would cost too much now.
    const bool is_wanted = !dead.empty() || !waiters_.empty();
    if (is_wanted && members_.size() < settings_.connections_max + dead.size()) {
        give_back(members_.add(std::move(connection), now));
    }
    for (PostgresConnection* one : dead) one->give_up();
}

}  // namespace merlon::storage
