// A thread that computes one password hash at a time.
//
// At the lowest priority a thread may be interrupted for seconds, whatever it holds: a lock that
// it shared with an event loop would stop the loop for as long. So it shares none. It is given its
// work, and what it made of it is fetched, by a thread of the usual priority, and nobody waits for
// its end.
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

// A password to hash or to check, and who waits for it: one of the two.
struct PasswordJob {
    PasswordJob() = default;
    ~PasswordJob() { merlon::wipe(password); }
    PasswordJob(const PasswordJob&) = delete;
    PasswordJob& operator=(const PasswordJob&) = delete;

    std::string password;
    std::string salt;     // to hash it with
    std::string encoded;  // or to verify it against; empty: there is no such account
    std::shared_ptr<Answer<std::string>> hashed;
    std::shared_ptr<Answer<crypto::PasswordVerdict>> verified;
    bool is_answered = false;  // more than one worker may have begun it
};

// Resource; all of it belongs to one thread.
class PasswordWorker final {
public:
    // What the workers of a pool have in common; it lives as long as the last of their threads.
    struct Shared {
        const crypto::PasswordScheme scheme;
        const std::string dummy;  // a hash nobody knows a password of
        Semaphore news;           // posted when a hash is done
    };
    enum class Priority : std::uint8_t { Idle, Usual };

    PasswordWorker(std::shared_ptr<Shared> shared, Priority priority);
    // Its thread ends as soon as it has finished the hash in progress; nobody hears of that.
    ~PasswordWorker();
    PasswordWorker(const PasswordWorker&) = delete;

    // The job in progress; null: it is free.
    const std::shared_ptr<PasswordJob>& job() const { return job_; }
    void begin(std::shared_ptr<PasswordJob> job);
    // Answers what is done, unless another worker has, and is free again. Whether it was the first.
    bool collect();
    // Of a core, since it began to live.
    std::chrono::nanoseconds cpu_time() const;

private:
    struct Desk;  // what passes between the two threads

    static void run(const std::shared_ptr<Desk>& desk, Priority priority);

    std::shared_ptr<PasswordJob> job_;
    const std::shared_ptr<Desk> desk_;
    ::clockid_t cpu_clock_{};
};

}  // namespace merlon::identity
