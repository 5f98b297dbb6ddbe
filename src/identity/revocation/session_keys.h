// Tells services that check tokens for themselves what was signed out, by keys in Redis
// (session_key.h). The database is the truth and is written before; nobody is refused here by what
// Redis says, and no sign-out fails for it.
//
// What cannot be written now is written as soon as Redis is there, unless it is pointless by then;
// what was written is written again to a Redis that comes back, which may be an empty one.
#pragma once

#include <atomic>
#include <mutex>

#include "identity/revocation/session_key_journal.h"
#include "redis/redis_client.h"

namespace merlon::identity {

// Resource; safe from every thread but for tick(). Destroyed when its loop has stopped.
class SessionKeys final {
public:
    // The answer to a sign-out is held back so long for it, so that whoever looks right after the
    // answer finds the key; a Redis that is near takes a millisecond. A Redis that hangs costs the
    // sign-outs of its first moments this, and later ones nothing.
    static constexpr std::chrono::milliseconds answer_wait{100};

    // Borrows everything for life.
    SessionKeys(redis::RedisServer& server, net::Deadlines& deadlines, Executor executor,
                const Clock& clock, metrics::Registry& metrics);
    SessionKeys(const SessionKeys&) = delete;
    SessionKeys& operator=(const SessionKeys&) = delete;

    // Returns when it is in Redis, when that is away, or after answer_wait; never fails.
    Task<> write(SessionKey key);
    // Does not wait.
    void add(SessionKey key) { add(std::move(key), nullptr); }

    // Every second, on its loop.
    void tick();

private:
    void add(SessionKey key, SessionKeyJournal::Waiter waiter);
    void write_waiting();
    Task<> write_all();
    Task<bool> write_some();
    bool ask(const SessionKey& key, redis::RedisCall& call);
    // False: it still has to be written.
    bool settle(const SessionKey& key, redis::RedisCall::Outcome outcome);

    const Clock& clock_;
    redis::RedisClient client_;
    metrics::Counter& written_;
    metrics::Counter& refused_;
    metrics::Counter& dropped_;
    metrics::Counter& expired_;
    metrics::Gauge& waiting_;

    std::mutex mutex_;
    SessionKeyJournal journal_;
    std::atomic<bool> is_woken_{false};
    // Its loop's:
    bool is_writing_ = false;
    std::uint64_t connections_seen_ = 1;  // the first can have lost nothing
};

}  // namespace merlon::identity
