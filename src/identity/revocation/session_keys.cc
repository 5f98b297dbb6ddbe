// Writes waiting keys in batches. Read write(), then write_all().
#include "identity/revocation/session_keys.h"

#include <array>

#include "base/spawn.h"
#include "identity/revocation/session_key_scripts.h"

namespace merlon::identity {
namespace {

using redis::RedisCall;
using Outcome = RedisCall::Outcome;

// In one trip.
constexpr std::size_t batch_max = 64;

metrics::Counter& counter_of(metrics::Registry& metrics, std::string outcome) {
    return metrics.counter("merlon_session_keys",
                           "keys of sign-outs for services that look in Redis",
                           {{"outcome", std::move(outcome)}});
}

}  // namespace

SessionKeys::SessionKeys(redis::RedisServer& server, net::Deadlines& deadlines, Executor executor,
                         const Clock& clock, metrics::Registry& metrics)
    : clock_(clock),
      client_(server, deadlines, executor, clock, session_key_scripts, session_key_probe),
      written_(counter_of(metrics, "written")),
      refused_(counter_of(metrics, "refused")),
      dropped_(counter_of(metrics, "dropped")),
      expired_(counter_of(metrics, "expired")),
      waiting_(metrics.gauge("merlon_session_keys_waiting",
                             "keys of sign-outs that Redis has not got")) {}

Task<> SessionKeys::write(SessionKey key) {
    const auto submit = [this, &key](SessionKeyJournal::Waiter waiter) {
        add(std::move(key), std::move(waiter));
        return Result<>{};
    };
    co_await Answer<void>::wait_for(submit, clock_.steady() + write_wait);
    co_return Result<>{};  // late is no failure
}

void SessionKeys::add(SessionKey key, SessionKeyJournal::Waiter waiter) {
    {
        const Lock lock(mutex_);
        if (!journal_.add(std::move(key), std::move(waiter))) dropped_.add();
        waiting_.set(static_cast<std::int64_t>(journal_.waiting()));
    }
    if (is_woken_.exchange(true)) return;
    asio::post(client_.executor(), [this] {
        is_woken_ = false;
        write_waiting();
    });
}

void SessionKeys::tick() {
    {
        const Lock lock(mutex_);
        if (client_.connections() > connections_seen_) {
            connections_seen_ = client_.connections();
            journal_.note_loss();
        }
        expired_.add(journal_.forget_expired(clock_.wall()));
        waiting_.set(static_cast<std::int64_t>(journal_.waiting()));
        if (journal_.waiting() == 0) return;
    }
    write_waiting();
}

void SessionKeys::write_waiting() {
    if (std::exchange(is_writing_, true)) return;
    spawn(client_.executor(), write_all(), [this](const Result<>&) { is_writing_ = false; });
}

// Until nothing waits, or Redis refuses or is down: then the next tick tries again.
Task<> SessionKeys::write_all() {
    bool goes_on = true;
    while (goes_on) {
        const auto wrote = co_await write_some();
        goes_on = wrote && *wrote;
    }
    const Lock lock(mutex_);
    journal_.release_waiters();
    waiting_.set(static_cast<std::int64_t>(journal_.waiting()));
    co_return Result<>{};
}

// False: nothing is left that could be written now.
Task<bool> SessionKeys::write_some() {
    MERLON_CO_TRY(co_await client_.ready());
    std::vector<SessionKey> keys;
    {
        const Lock lock(mutex_);
        keys = journal_.next(batch_max);
    }
    std::array<RedisCall, batch_max> calls;
    std::size_t sent = 0;
    while (sent < keys.size() && send(keys[sent], calls[sent])) ++sent;
    bool all_settled = sent > 0;
    for (std::size_t i = 0; i < sent; ++i) {
        co_await redis::RedisClient::answer_to(calls[i]);
        // A server that has forgotten its scripts has them again by now.
        if (calls[i].outcome == Outcome::Unknown && send(keys[i], calls[i])) {
            co_await redis::RedisClient::answer_to(calls[i]);
        }
        all_settled = settle(keys[i], calls[i].outcome) && all_settled;
    }
    co_return all_settled;
}

bool SessionKeys::send(const SessionKey& key, RedisCall& call) {
    call = {};
    // A key that has just expired is written for a moment: the next tick forgets it.
    const std::string seconds =
        std::to_string(std::max<std::int64_t>(1, key.seconds_left(clock_.wall())));
    if (!key.is_of_version()) {
        const std::string_view words[] = {key.name, seconds};
        return client_.ask(refuse_script, words, &call);
    }
    const std::string version = std::to_string(key.version);
    const std::string_view words[] = {key.name, version, seconds};
    return client_.ask(raise_version_script, words, &call);
}

bool SessionKeys::settle(const SessionKey& key, Outcome outcome) {
    if (outcome != Outcome::Answered && outcome != Outcome::Refused) return false;
    const Lock lock(mutex_);
    if (outcome == Outcome::Answered) {
        written_.add();
        journal_.note_written(key);
    } else {
        refused_.add();
        journal_.drop(key);
    }
    return true;
}

}  // namespace merlon::identity
