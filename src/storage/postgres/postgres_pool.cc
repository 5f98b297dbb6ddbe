// Giving out, taking back, looking after.
#include "storage/postgres/postgres_pool.h"

#include <algorithm>
#include <iterator>

#include "base/spawn.h"

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

// How late a deadline may be kept, and an idle connection be closed.
constexpr milliseconds looked_after_every{100};
// Between attempts to connect: doubled after each that failed. The most is what a database that
// comes back has to wait for us.
constexpr milliseconds first_pause{50};
constexpr milliseconds longest_pause{500};
// A fresh connection costs the server a process, a handshake and caches to fill: tens of
// milliseconds of a core, in which those that are there serve many. So after one was made, the next
// is made no sooner than after so many times as long: a server that is slow to take them, as one
// that has just come back and is asked by everybody, is asked for few.
constexpr int growth_pause_openings = 10;
// Unless the first is so long in the making that it may be lost on its way.
constexpr milliseconds slow_opening{500};
// For so long, those who wait for a connection are served in turn.
constexpr milliseconds overload_after{200};
// A statement that has no answer for so long is asked after, on a connection that has to be there
// within as much.
constexpr milliseconds silent_max{1'000};
// And again after so long, beside those who ask already: who begins to ask just before the network
// is back may be as lost as those he asks after.
constexpr milliseconds asked_every{500};

// Which of these of the server's processes work on something, of a list with commas.
constexpr Sql active_backends =
    "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity "
    "WHERE pid = ANY (CAST(string_to_array($1, ',') AS INTEGER[])) AND state = 'active'";

}  // namespace

PostgresPool::PostgresPool(Executor executor, const PostgresSettings& settings, FailureNote& note)
    : executor_(executor), settings_(settings), note_(note), tick_(executor) {}

Task<PostgresPool::Lease> PostgresPool::acquire() {
    if (PostgresConnection* idle = take_idle()) co_return Lease(*this, *idle);
    if (may_grow()) co_return co_await open();
    const SteadyTime end = std::chrono::steady_clock::now() + settings_.connect_max;
    Waiter waiter{Timer(executor_, end), end - settings_.connect_max};
    const auto place = waiters_.insert(waiters_.end(), &waiter);
    // Woken to open one and too late for it, he keeps his place.
    do {
        co_await waiter.timer.async_wait(as_result);
        if (waiter.given != nullptr) co_return Lease(*this, *waiter.given);
    } while (!may_grow() && std::chrono::steady_clock::now() < end);
    waiters_.erase(place);
    if (may_grow()) co_return co_await open();
    co_return fail(Kind::Unavailable, "storage.busy", "every connection is in use");
}

Task<PostgresPool::Lease> PostgresPool::open() {
    MERLON_CO_TRY(may_try());
    const SteadyTime began = std::chrono::steady_clock::now();
    // While it is away, one attempt in each pause, however long the others wait for their answer.
    next_attempt_ = began + pause_;
    next_growth_ = began + slow_opening;
    PostgresConnection& connection =
        add(std::make_unique<PostgresConnection>(executor_, settings_, note_));
    const Result<> connected = co_await connection.connect();
    note_attempt(began, connected.has_value());
    if (!connected) {
        remove(connection);
        co_return std::unexpected(connected.error());
    }
    pace_growth(began);
    co_return Lease(*this, connection);
}

// One was made since then.
void PostgresPool::pace_growth(SteadyTime began) {
    const SteadyTime ended = std::chrono::steady_clock::now();
    next_growth_ = ended + std::min<SteadyTime::duration>((ended - began) * growth_pause_openings,
                                                          settings_.connect_max);
}

// While it is asked after silent statements, it is not more connections that are missing; and those
// made by everybody meanwhile would be the first thing that a server has to do when it is back.
bool PostgresPool::may_grow() const {
    if (members_.empty()) return true;
    return members_.size() < settings_.connections_max && asking_.empty() &&
           std::chrono::steady_clock::now() >= next_growth_;
}

// A database that is away is not asked for by every request: they hear so at once.
Result<> PostgresPool::may_try() const {
    if (std::chrono::steady_clock::now() >= next_attempt_) return {};
    return fail(Kind::Unavailable, "storage.unavailable",
                "postgres at " + settings_.host + " was away a moment ago");
}

void PostgresPool::note_attempt(SteadyTime began, bool is_good) {
    if (is_good) last_success_ = std::max(last_success_, began);
    if (!is_good && began < last_success_) return;  // it is back meanwhile
    pause_ = is_good ? milliseconds{0} : std::clamp(pause_ * 2, first_pause, longest_pause);
    next_attempt_ = std::chrono::steady_clock::now() + pause_;
}

PostgresConnection& PostgresPool::add(std::unique_ptr<PostgresConnection> connection) {
    members_.push_back({std::move(connection), false, std::chrono::steady_clock::now()});
    return *members_.back().connection;
}

// The most recently used: the others get old enough to be closed.
PostgresConnection* PostgresPool::take_idle() {
    for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
        if (!member->is_idle) continue;
        member->is_idle = false;
        member->since = std::chrono::steady_clock::now();
        return member->connection.get();
    }
    return nullptr;
}

// In turn, until the first has waited for long: then more has come than can be served, as after a
// database's return. In turn, each would come to the end of his patience just before his turn, and
// a request of several statements would join the end of the line for each; so the last is the
// first, and what was begun is done.
std::list<PostgresPool::Waiter*>::iterator PostgresPool::next_waiter() {
    const auto waited = std::chrono::steady_clock::now() - waiters_.front()->since;
    return waited < overload_after ? waiters_.begin() : std::prev(waiters_.end());
}

void PostgresPool::give_back(PostgresConnection& connection) {
    if (connection.is_broken()) return remove_with_idle(connection);
    const auto member = member_of(connection);
    member->since = std::chrono::steady_clock::now();
    if (!waiters_.empty()) {
        const auto next = next_waiter();
        (*next)->given = &connection;
        (*next)->timer.cancel();
        waiters_.erase(next);
        return;
    }
    member->is_idle = true;
    members_.splice(members_.end(), members_, member);
}

// What broke one connection, most likely a server that went away, broke those that nobody used. But
// one that was taken before the server last said how it is tells nothing of those used since.
void PostgresPool::remove_with_idle(const PostgresConnection& connection) {
    const SteadyTime taken = member_of(connection)->since;
    const SteadyTime doubted_until = taken < told_at_ ? told_at_ : SteadyTime::max();
    remove(connection);
    std::erase_if(members_,
                  [&](const Member& one) { return one.is_idle && one.since < doubted_until; });
}

// Its place is free: whoever waits may make a connection of his own, or hears why he cannot.
void PostgresPool::remove(const PostgresConnection& connection) {
    members_.erase(member_of(connection));
    for (Waiter* waiter : waiters_) waiter->timer.cancel();
}

std::list<PostgresPool::Member>::iterator PostgresPool::member_of(
    const PostgresConnection& connection) {
    return std::ranges::find_if(
        members_, [&](const Member& one) { return one.connection.get() == &connection; });
}

void PostgresPool::start() { tick(); }

// Nobody has a connection any more. One that is still being made has nobody left to keep its
// deadline.
void PostgresPool::close() {
    is_closed_ = true;
    tick_.cancel();
    for (const auto& asking : asking_) asking->give_up();
    std::erase_if(members_, [](const Member& one) { return one.is_idle; });
    for (Member& member : members_) member.connection->give_up();
}

// One that was due when close() came is not cancelled any more.
void PostgresPool::tick() {
    if (is_closed_) return;
    look_after(std::chrono::steady_clock::now());
    tick_.expires_after(looked_after_every);
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void PostgresPool::look_after(SteadyTime now) {
    for (Member& member : members_) {
        if (member.connection->deadline() <= now) member.connection->give_up();
    }
    if (!waiters_.empty() && may_grow()) (*next_waiter())->timer.cancel();
    for (const auto& asking : asking_) {
        if (asking->busy_since() <= now - silent_max) asking->give_up();
    }
    if (now >= next_ask_ && !silent_ones(now - silent_max).empty()) ask();
    std::erase_if(members_, [&](const Member& one) {
        return members_.size() > settings_.connections_min && one.is_idle &&
               now - one.since > settings_.idle_max;
    });
    if (is_filling_ || members_.size() >= settings_.connections_min || !may_grow() || !may_try()) {
        return;
    }
    is_filling_ = true;
    spawn(executor_, fill(), [this](Result<>) { is_filling_ = false; });
}

Task<> PostgresPool::fill() {
    if (members_.size() >= settings_.connections_min) co_return Result<>{};  // since it was decided
    MERLON_CO_TRY(co_await open());
    co_return Result<>{};
}

// Those that have waited for an answer since then or longer.
std::vector<PostgresConnection*> PostgresPool::silent_ones(SteadyTime since) const {
    std::vector<PostgresConnection*> silent;
    for (const Member& member : members_) {
        if (member.connection->busy_since() <= since) silent.push_back(member.connection.get());
    }
    return silent;
}

void PostgresPool::ask() {
    const SteadyTime began = std::chrono::steady_clock::now();
    next_ask_ = began + asked_every;
    const auto asking = asking_.insert(
        asking_.end(), std::make_unique<PostgresConnection>(executor_, settings_, note_));
    spawn(executor_, lost_ones(asking->get()),
          [this, began, asking](const Result<std::vector<PostgresConnection*>>& lost) {
              auto connection = std::move(*asking);
              asking_.erase(asking);
              if (!lost || is_closed_) return;
              note_attempt(began, true);
              pace_growth(began);
              told_at_ = std::chrono::steady_clock::now();
              if (lost->empty()) next_ask_ = told_at_ + silent_max;
              for (const auto& other : asking_) other->give_up();
              // It stays where somebody loses his or waits for one: a connection costs too much to
              // be thrown away in the moment that it is wanted most.
              const bool is_wanted = !lost->empty() || !waiters_.empty();
              if (is_wanted && members_.size() < settings_.connections_max + lost->size()) {
                  give_back(add(std::move(connection)));
              }
              for (PostgresConnection* one : *lost) one->give_up();
          });
}

// A network that was cut may have lost a statement or its answer, and both sides wait. The server
// says whether it works on it: else it is over, long before its deadline, and a caller whose work
// may be done again goes on over another connection.
Task<std::vector<PostgresConnection*>> PostgresPool::lost_ones(PostgresConnection* asking) {
    MERLON_CO_TRY(co_await asking->connect());
    const SteadyTime asked = std::chrono::steady_clock::now();
    std::string backends = std::to_string(asking->backend());
    for (const auto* one : silent_ones(asked - silent_max)) {
        backends += ',' + std::to_string(one->backend());
    }
    const Rows rows = MERLON_CO_TRY(co_await asking->query(active_backends, {backends}));
    std::vector<std::int64_t> active;
    for (std::size_t i = 0; i < rows.size(); ++i) active.push_back(rows[i].integer(0));
    const auto is_active = [&](const PostgresConnection* one) {
        return std::ranges::find(active, one->backend()) != active.end();
    };
    // Behind a pooler the numbers are the pooler's own: nothing can be said then.
    if (!is_active(asking)) co_return std::vector<PostgresConnection*>{};
    std::vector<PostgresConnection*> lost = silent_ones(asked - silent_max);
    std::erase_if(lost, is_active);
    co_return lost;
}

}  // namespace merlon::storage
