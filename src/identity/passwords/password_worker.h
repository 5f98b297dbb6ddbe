// A thread that computes one password hash at a time.
//
// At the lowest priority a thread may be interrupted for seconds, whatever it holds: a lock that
// it shared with an event loop would stop the loop for as long. So it shares none: a thread of
// normal priority hands it its work and fetches the result, and nobody waits for the thread's end.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <variant>

#include "base/answer.h"
#include "base/secret.h"
#include "base/semaphore.h"
#include "crypto/password_hash.h"

namespace merlon::identity {

// A password to hash or to verify, and where its caller waits: one of the two.
struct PasswordJob {
    Secret password;
    std::string salt;     // to hash it with
    std::string encoded;  // or to verify it against; empty: there is no such account
    std::shared_ptr<Answer<std::string>> hashed;
    std::shared_ptr<Answer<crypto::PasswordVerdict>> verified;
    bool is_finished = false;  // more than one worker may have begun it
};

// Resource; all of it belongs to one thread.
class PasswordWorker final {
public:
    // What the workers of a pool share; it lives as long as the last of their threads.
    struct Context {
        const crypto::PasswordScheme scheme;
        const std::string dummy;  // a hash of no known password
        Semaphore wakeup;         // posted when a hash is done
    };
    enum class Priority : std::uint8_t { Idle, Normal };

    PasswordWorker(std::shared_ptr<Context> context, Priority priority);
    // The thread ends as soon as it has finished the hash in progress; nobody waits for that.
    ~PasswordWorker();
    PasswordWorker(const PasswordWorker&) = delete;

    // The job in progress; null: it is free.
    const std::shared_ptr<PasswordJob>& job() const { return job_; }
    void begin(std::shared_ptr<PasswordJob> job);
    // Hands a finished result to the caller, unless another worker has, and is free again. Whether
    // it was the first.
    bool collect();
    // Processor time since its thread began.
    std::chrono::nanoseconds cpu_time() const;

private:
    struct Exchange;  // what passes between the two threads

    static void run(const std::shared_ptr<Exchange>& exchange, Priority priority);

    std::shared_ptr<PasswordJob> job_;
    const std::shared_ptr<Exchange> exchange_;
    ::clockid_t cpu_clock_{};
};

}  // namespace merlon::identity
