// The hashing threads.
#include "identity/password_pool.h"

#include <sched.h>
#include <unistd.h>

#include "base/secret.h"

namespace merlon::identity {
namespace {

crypto::PasswordScheme scheme_of(const PasswordSettings& settings) {
    crypto::PasswordScheme scheme;
    scheme.kind = settings.hash == PasswordHash::Bcrypt ? crypto::PasswordKind::Bcrypt
                                                        : crypto::PasswordKind::Argon2id;
    scheme.bcrypt_cost = settings.bcrypt_cost;
    return scheme;
}

// Runs only when nobody else on its core wants to: at the workers' own priority a request's p99
// grew eightfold (architecture, decision 7), and at nice 19 a worker that wakes up still waits for
// the end of the hash's time slice, up to 4 ms. Linux has a policy for each thread; this one needs
// no privilege (sched(7)).
void run_when_idle() {
    const sched_param none{};
    ::sched_setscheduler(::gettid(), SCHED_IDLE, &none);
}

}  // namespace

PasswordPool::PasswordPool(const PasswordSettings& settings, Entropy& entropy,
                           metrics::Registry& metrics)
    : scheme_(scheme_of(settings)),
      entropy_(entropy),
      dummy_(crypto::dummy_password_hash(scheme_, entropy)),
      waiting_(metrics.gauge("merlon_password_queue", "password hashes waiting or in progress")),
      queue_(settings.queue) {
    for (unsigned i = 0; i < std::max(1U, settings.workers); ++i) {
        threads_.emplace_back([this] { loop(); });
    }
}

PasswordPool::~PasswordPool() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
}

Result<> PasswordPool::push(Job job) {
    waiting_.add(1);
    if (queue_.push(std::move(job))) return {};
    waiting_.add(-1);
    return fail(Kind::Exhausted, "passwords.busy", "too many sign-ins at once",
                RetryAfter{std::chrono::seconds{1}});
}

Task<std::string> PasswordPool::hash(std::string password) {
    co_return co_await storage::Answer<std::string>::wait_for(
        [&](auto answer) { return push({std::move(password), {}, std::move(answer), nullptr}); });
}

Task<crypto::PasswordVerdict> PasswordPool::verify(std::string password, std::string encoded) {
    co_return co_await storage::Answer<crypto::PasswordVerdict>::wait_for([&](auto answer) {
        return push({std::move(password), std::move(encoded), nullptr, std::move(answer)});
    });
}

void PasswordPool::loop() {
    run_when_idle();
    crypto::PasswordHasher hasher;
    while (!queue_.drained()) {
        for (Job& job : queue_.take(1, std::chrono::seconds{1})) {
            if (job.hashed) {
                job.hashed->set(hasher.hash(job.password, scheme_, entropy_));
            } else {
                const bool is_known = !job.encoded.empty();
                auto verdict =
                    hasher.verify(job.password, is_known ? job.encoded : dummy_, scheme_);
                if (verdict && !is_known) *verdict = {};
                job.verified->set(std::move(verdict));
            }
            merlon::wipe(job.password);
            waiting_.add(-1);
        }
    }
}

}  // namespace merlon::identity
