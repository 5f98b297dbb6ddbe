// Password hashes: slow on purpose, so never on an event loop, and at the lowest priority, so that
// a wave of sign-ins does not slow the requests of those who are signed in. Yet when all cores stay
// busy with others, one is computed at the usual priority: sign-ins become slow, not impossible.
#pragma once

#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/entropy.h"
#include "base/metrics.h"
#include "identity/passwords/password_worker.h"
#include "identity/passwords/settings.h"

namespace merlon::identity {

// Resource; safe from every thread. Borrows entropy and metrics for its life.
class PasswordPool final {
public:
    PasswordPool(const PasswordSettings& settings, Entropy& entropy, metrics::Registry& metrics);
    // What waits and what is in progress is dropped; nobody waits for the end of that.
    ~PasswordPool();
    PasswordPool(const PasswordPool&) = delete;

    // Errors: "passwords.busy" (Exhausted, RetryAfter: the queue is full), and those of
    // PasswordHasher::hash.
    Task<std::string> hash(std::string password);
    // Whether `password` made `encoded`. Empty `encoded` means that there is no such account: the
    // answer is no, at the same cost. Errors as above and "password.encoding" (Corrupt).
    Task<crypto::PasswordVerdict> verify(std::string password, std::string encoded);

private:
    using Job = std::shared_ptr<PasswordJob>;

    Result<> push(Job job);
    Job take();

    // Of the desk, the thread between the callers and the workers.
    void run_desk();
    void collect();
    void hand_out();
    void look_for_starvation();
    void relieve();
    bool is_working() const;
    std::chrono::nanoseconds cpu_time() const;

    Entropy& entropy_;
    metrics::Gauge& unanswered_;
    const std::size_t waiting_max_;
    std::mutex mutex_;
    std::deque<Job> waiting_;  // under the mutex
    std::atomic<bool> is_closed_{false};
    // Its `news` also says that a job came, or that it is closed.
    const std::shared_ptr<PasswordWorker::Shared> shared_;
    std::list<PasswordWorker> workers_;
    PasswordWorker relief_;
    SteadyTime looked_at_;  // then the workers had had so much of a core
    std::chrono::nanoseconds looked_cpu_{0};
    bool is_starved_ = false;
    std::thread desk_;  // last: it uses everything above
};

}  // namespace merlon::identity
