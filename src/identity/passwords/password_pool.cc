// Dispatches password jobs to the workers. Read run_dispatcher() first.
#include "identity/passwords/password_pool.h"

#include <algorithm>
#include <numeric>

#include "wire/unicode.h"

namespace merlon::identity {
namespace {

// The workers' processor time is measured this often while they have work; when they had less than
// a twentieth of a core meanwhile, they are starved.
constexpr std::chrono::milliseconds measured_every{100};
constexpr int starved_share = 20;

crypto::PasswordScheme scheme_of(const PasswordSettings& settings) {
    crypto::PasswordScheme scheme;
    scheme.kind = settings.hash == PasswordHash::Bcrypt ? crypto::PasswordKind::Bcrypt
                                                        : crypto::PasswordKind::Argon2id;
    scheme.bcrypt_cost = settings.bcrypt_cost;
    return scheme;
}

}  // namespace

PasswordPool::PasswordPool(const PasswordSettings& settings, const Clock& clock, Entropy& entropy,
                           metrics::Registry& metrics)
    : clock_(clock),
      entropy_(entropy),
      unfinished_(metrics.gauge("merlon_password_queue", "password hashes waiting or in progress")),
      waiting_max_(settings.queue),
      context_(std::make_shared<PasswordWorker::Context>(
          scheme_of(settings), crypto::dummy_password_hash(scheme_of(settings), entropy))),
      fallback_(context_, PasswordWorker::Priority::Normal) {
    for (unsigned i = 0; i < std::max(1U, settings.workers); ++i) {
        workers_.emplace_back(context_, PasswordWorker::Priority::Idle);
    }
    dispatcher_ = std::thread([this] { run_dispatcher(); });
}

PasswordPool::~PasswordPool() {
    is_closed_.store(true);
    context_->wakeup.post();
    dispatcher_.join();
}

Task<std::string> PasswordPool::hash(Secret password) {
    co_return co_await Answer<std::string>::wait_for([&](auto result) {
        auto job = std::make_shared<PasswordJob>();
        job->password = wire::to_nfc(password);
        job->salt = crypto::password_salt(entropy_);
        job->hashed = std::move(result);
        return push(std::move(job));
    });
}

Task<crypto::PasswordVerdict> PasswordPool::verify(Secret password, std::string encoded) {
    co_return co_await Answer<crypto::PasswordVerdict>::wait_for([&](auto result) {
        auto job = std::make_shared<PasswordJob>();
        job->password = std::move(password);
        job->encoded = std::move(encoded);
        job->verified = std::move(result);
        return push(std::move(job));
    });
}

Result<> PasswordPool::push(Job job) {
    {
        const Lock lock(mutex_);
        if (waiting_.size() >= waiting_max_) {
            return fail(Kind::Exhausted, "passwords.busy", "too many sign-ins at once",
                        RetryAfter{std::chrono::seconds{1}});
        }
        unfinished_.add(1);  // before the dispatcher can have finished it
        waiting_.push_back(std::move(job));
    }
    context_->wakeup.post();
    return {};
}

// The oldest waiting job; null: there is none.
PasswordPool::Job PasswordPool::take() {
    const Lock lock(mutex_);
    if (waiting_.empty()) return nullptr;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    return job;
}

void PasswordPool::run_dispatcher() {
    while (!is_closed_.load()) {
        if (is_working()) {
            context_->wakeup.wait_for(measured_every);
        } else {
            context_->wakeup.wait();
        }
        collect();
        detect_starvation();
        assign();
        if (is_starved_) run_fallback();
    }
}

void PasswordPool::collect() {
    for (PasswordWorker& worker : workers_) {
        if (worker.collect()) unfinished_.add(-1);
    }
    if (fallback_.collect()) unfinished_.add(-1);
}

void PasswordPool::assign() {
    for (PasswordWorker& worker : workers_) {
        if (worker.job() != nullptr) continue;
        Job job = take();
        if (job == nullptr) return;
        worker.begin(std::move(job));
    }
}

void PasswordPool::detect_starvation() {
    const SteadyTime now = clock_.steady();
    const auto passed = now - measured_at_;
    if (is_working() && passed < measured_every) return;
    const std::chrono::nanoseconds cpu = cpu_time();
    is_starved_ = is_working() && (cpu - measured_cpu_) * starved_share < passed;
    measured_at_ = now;
    measured_cpu_ = cpu;
}

// A worker cannot raise its priority without a privilege, nor give up the hash it has begun: so
// that hash is begun once more, and the first result counts. One at a time: however many sign in,
// it is one thread among those that keep the cores busy.
void PasswordPool::run_fallback() {
    if (fallback_.job() != nullptr) return;
    const auto begun = std::ranges::find_if(workers_, [](const PasswordWorker& worker) {
        return worker.job() != nullptr && !worker.job()->is_finished;
    });
    Job job = begun != workers_.end() ? begun->job() : take();
    if (job != nullptr) fallback_.begin(std::move(job));
}

bool PasswordPool::is_working() const {
    return std::ranges::any_of(
        workers_, [](const PasswordWorker& worker) { return worker.job() != nullptr; });
}

std::chrono::nanoseconds PasswordPool::cpu_time() const {
    return std::accumulate(
        workers_.begin(), workers_.end(), std::chrono::nanoseconds{0},
        [](auto sum, const PasswordWorker& one) { return sum + one.cpu_time(); });
}

}  // namespace merlon::identity
