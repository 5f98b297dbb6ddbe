// The desk. Read run_desk() first.
#include "identity/passwords/password_pool.h"

#include <algorithm>
#include <numeric>

namespace merlon::identity {
namespace {

// So often the workers are looked at while they have work, and those that had less than a
// twentieth of a core meanwhile are starved.
constexpr std::chrono::milliseconds looked_every{100};
constexpr int starved_share = 20;

crypto::PasswordScheme scheme_of(const PasswordSettings& settings) {
    crypto::PasswordScheme scheme;
    scheme.kind = settings.hash == PasswordHash::Bcrypt ? crypto::PasswordKind::Bcrypt
                                                        : crypto::PasswordKind::Argon2id;
    scheme.bcrypt_cost = settings.bcrypt_cost;
    return scheme;
}

}  // namespace

PasswordPool::PasswordPool(const PasswordSettings& settings, Entropy& entropy,
                           metrics::Registry& metrics)
    : entropy_(entropy),
      unanswered_(metrics.gauge("merlon_password_queue", "password hashes waiting or in progress")),
      waiting_max_(settings.queue),
      shared_(std::make_shared<PasswordWorker::Shared>(
          scheme_of(settings), crypto::dummy_password_hash(scheme_of(settings), entropy))),
      relief_(shared_, PasswordWorker::Priority::Usual) {
    for (unsigned i = 0; i < std::max(1U, settings.workers); ++i) {
        workers_.emplace_back(shared_, PasswordWorker::Priority::Idle);
    }
    desk_ = std::thread([this] { run_desk(); });
}

PasswordPool::~PasswordPool() {
    is_closed_.store(true);
    shared_->news.post();
    desk_.join();
}

Task<std::string> PasswordPool::hash(std::string password) {
    co_return co_await Answer<std::string>::wait_for([&](auto answer) {
        auto job = std::make_shared<PasswordJob>();
        job->password = std::move(password);
        job->salt = crypto::password_salt(entropy_);
        job->hashed = std::move(answer);
        return push(std::move(job));
    });
}

Task<crypto::PasswordVerdict> PasswordPool::verify(std::string password, std::string encoded) {
    co_return co_await Answer<crypto::PasswordVerdict>::wait_for([&](auto answer) {
        auto job = std::make_shared<PasswordJob>();
        job->password = std::move(password);
        job->encoded = std::move(encoded);
        job->verified = std::move(answer);
        return push(std::move(job));
    });
}

Result<> PasswordPool::push(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= waiting_max_) {
            return fail(Kind::Exhausted, "passwords.busy", "too many sign-ins at once",
                        RetryAfter{std::chrono::seconds{1}});
        }
        unanswered_.add(1);  // before the desk can have answered it
        waiting_.push_back(std::move(job));
    }
    shared_->news.post();
    return {};
}

// The one that has waited longest; null: none.
PasswordPool::Job PasswordPool::take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    return job;
}

void PasswordPool::run_desk() {
    while (!is_closed_.load()) {
        if (is_working()) {
            shared_->news.wait_for(looked_every);
        } else {
            shared_->news.wait();
        }
        collect();
        look_for_starvation();
        hand_out();
        if (is_starved_) relieve();
    }
}

void PasswordPool::collect() {
    for (PasswordWorker& worker : workers_) {
        if (worker.collect()) unanswered_.add(-1);
    }
    if (relief_.collect()) unanswered_.add(-1);
}

void PasswordPool::hand_out() {
    for (PasswordWorker& worker : workers_) {
        if (worker.job() != nullptr) continue;
        Job job = take();
        if (job == nullptr) return;
        worker.begin(std::move(job));
    }
}

void PasswordPool::look_for_starvation() {
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto passed = now - looked_at_;
    if (is_working() && passed < looked_every) return;
    const std::chrono::nanoseconds cpu = cpu_time();
    is_starved_ = is_working() && (cpu - looked_cpu_) * starved_share < passed;
    looked_at_ = now;
    looked_cpu_ = cpu;
}

// A worker cannot leave its priority without a privilege, nor give back what it has begun: so that
// is begun once more, and whoever is done first has answered it. One at a time: however many sign
// in, it is one thread among those that keep the cores busy.
void PasswordPool::relieve() {
    if (relief_.job() != nullptr) return;
    const auto begun = std::ranges::find_if(workers_, [](const PasswordWorker& worker) {
        return worker.job() != nullptr && !worker.job()->is_answered;
    });
    Job job = begun != workers_.end() ? begun->job() : take();
    if (job != nullptr) relief_.begin(std::move(job));
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
