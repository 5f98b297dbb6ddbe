// Writes sign-outs to Redis, for services that check tokens for themselves (session_key.h). The
// database is the truth and is written before; Merlon itself refuses nobody by what is in Redis,
// and no sign-out fails because of Redis.
//
// A key that cannot be written now is written as soon as Redis is up, unless it is not needed by
// then; written keys are written again to a Redis that comes back, which may be an empty one.
#pragma once

#include <atomic>

#include "base/mutex.h"
#include "identity/revocation/session_key_journal.h"
#include "redis/redis_client.h"

namespace merlon::identity {

// Resource; safe from every thread but for tick(). Destroyed when its loop has stopped.
class SessionKeys final {
public:
    // The response to a sign-out waits so long for Redis, so that a service that looks right after
    // the response finds the key; a Redis nearby takes a millisecond. A Redis that hangs delays the
    // sign-outs of its first moments by this, and later ones not at all.
    static constexpr std::chrono::milliseconds write_wait{100};

    // Borrows everything for life.
    SessionKeys(redis::RedisServer& server, net::Deadlines& deadlines, Executor executor,
                const Clock& clock, metrics::Registry& metrics);
    SessionKeys(const SessionKeys&) = delete;
    SessionKeys& operator=(const SessionKeys&) = delete;

    // Returns when the key is in Redis, when Redis is down, or after write_wait; never fails.
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
    bool send(const SessionKey& key, redis::RedisCall& call);
    // False: it still has to be written.
    bool settle(const SessionKey& key, redis::RedisCall::Outcome outcome);

    const Clock& clock_;
    redis::RedisClient client_;
    metrics::Counter& written_;
    metrics::Counter& refused_;
    metrics::Counter& dropped_;
    metrics::Counter& expired_;
    metrics::Gauge& waiting_;

    Mutex mutex_;
    SessionKeyJournal journal_ MERLON_GUARDED_BY(mutex_);
    std::atomic<bool> is_woken_{false};
    // Its loop's:
    bool is_writing_ = false;
    std::uint64_t connections_seen_ = 1;  // the first can have lost nothing
};

}  // namespace merlon::identity
