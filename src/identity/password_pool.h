// Threads that hash passwords: slow on purpose, so never on an event loop, and at the lowest
// priority, so that a wave of sign-ins does not slow the requests of those who are signed in.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/entropy.h"
#include "base/metrics.h"
#include "crypto/password_hash.h"
#include "identity/settings.h"
#include "storage/answer.h"
#include "storage/work_queue.h"

namespace merlon::identity {

// Resource; safe from every thread. Borrows entropy and metrics for its life.
class PasswordPool final {
public:
    PasswordPool(const PasswordSettings& settings, Entropy& entropy, metrics::Registry& metrics);
    // Finishes the hash in progress; what waits is dropped.
    ~PasswordPool();
    PasswordPool(const PasswordPool&) = delete;

    // Errors: "passwords.busy" (Exhausted, RetryAfter: the queue is full), and those of
    // PasswordHasher::hash.
    Task<std::string> hash(std::string password);
    // Whether `password` made `encoded`. Empty `encoded` means that there is no such account: the
    // answer is no, at the same cost. Errors as above and "password.encoding" (Corrupt).
    Task<crypto::PasswordVerdict> verify(std::string password, std::string encoded);

private:
    struct Job {
        std::string password;
        std::string encoded;  // to verify against; unused when hashing
        std::shared_ptr<storage::Answer<std::string>> hashed;
        std::shared_ptr<storage::Answer<crypto::PasswordVerdict>> verified;
    };

    Result<> push(Job job);
    void loop();

    const crypto::PasswordScheme scheme_;
    Entropy& entropy_;
    const std::string dummy_;  // a hash nobody knows a password of
    metrics::Gauge& waiting_;
    storage::WorkQueue<Job> queue_;
    std::vector<std::thread> threads_;  // last: they use everything above
};

}  // namespace merlon::identity
