// Computes password hashes. They are slow on purpose, so never on an event loop, and at the lowest
// priority, so that a wave of sign-ins does not slow other requests. Yet when all cores stay busy
// with other work, one hash is computed at normal priority: sign-ins become slow, not impossible.
#pragma once

#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "identity/passwords/password_worker.h"
#include "identity/passwords/settings.h"

namespace merlon::identity {

// Resource; safe from every thread. Borrows clock, entropy and metrics for life.
class PasswordPool final {
public:
    PasswordPool(const PasswordSettings& settings, const Clock& clock, Entropy& entropy,
                 metrics::Registry& metrics);
    // Drops waiting hashes, and does not wait for those in progress.
    ~PasswordPool();
    PasswordPool(const PasswordPool&) = delete;

    // Of its Normalization Form C: however a keyboard writes it, it is one password. Errors:
    // "passwords.busy" (Exhausted, RetryAfter: the queue is full), and those of
    // PasswordHasher::hash.
    Task<std::string> hash(Secret password);
    // Whether `encoded` is the hash of `password`. Empty `encoded` means that there is no such
    // account, or that it has no password: the verdict is no, at the same cost. Errors as above and
    // those of crypto::parse_password_hash().
    Task<crypto::PasswordVerdict> verify(Secret password, std::string encoded);

private:
    using Job = std::shared_ptr<PasswordJob>;

    Result<> push(Job job);
    Job take();

    // The dispatcher's, the thread between the callers and the workers.
    void run_dispatcher();
    void collect();
    void assign();
    void detect_starvation();
    void run_fallback();
    bool is_working() const;
    std::chrono::nanoseconds cpu_time() const;

    const Clock& clock_;
    Entropy& entropy_;
    metrics::Gauge& unfinished_;
    const std::size_t waiting_max_;
    Mutex mutex_;
    std::deque<Job> waiting_ MERLON_GUARDED_BY(mutex_);
    std::atomic<bool> is_closed_{false};
    // Its `wakeup` is also posted when a job was added, and at the end.
    const std::shared_ptr<PasswordWorker::Context> context_;
    std::list<PasswordWorker> workers_;
    PasswordWorker fallback_;
    // The workers' processor time when it was last measured.
    SteadyTime measured_at_;
    std::chrono::nanoseconds measured_cpu_{0};
    bool is_starved_ = false;
    std::thread dispatcher_;  // last: it uses everything above
};

}  // namespace merlon::identity
