// The hashing thread, and both sides of its exchange with the dispatcher.
#include "identity/passwords/password_worker.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <thread>

namespace merlon::identity {
namespace {

using Outcome = std::variant<Result<std::string>, Result<crypto::PasswordVerdict>>;

// Runs only when nobody else on its core wants to: at the workers' own priority a request's p99
// grew eightfold (architecture, decision 7), and at nice 19 a worker that wakes up still waits for
// the end of the hash's time slice, up to 4 ms. Linux has a policy for each thread; to take this
// one needs no privilege (sched(7)), but to leave it does.
void run_when_idle() {
    const sched_param none{};
    ::sched_setscheduler(::gettid(), SCHED_IDLE, &none);
}

// Nobody waits for this thread's end, so it may be there when signals end the process again.
void take_no_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Outcome compute(const PasswordJob& job, const PasswordWorker::Context& context,
                crypto::PasswordHasher& hasher) {
    if (job.hashed) return hasher.hash(job.password.reveal(), context.scheme, job.salt);
    const bool is_known = !job.encoded.empty();
    auto verdict = hasher.verify(job.password.reveal(), is_known ? job.encoded : context.dummy,
                                 context.scheme);
    if (verdict && !is_known) *verdict = {};
    return verdict;
}

}  // namespace

struct PasswordWorker::Exchange {
    explicit Exchange(std::shared_ptr<Context> all) : context(std::move(all)) {}

    const std::shared_ptr<Context> context;
    Semaphore begun;                   // posted after `job` was put here, or `is_closed`
    std::shared_ptr<PasswordJob> job;  // taken away after `is_done`
    Outcome outcome;
    std::atomic<bool> is_done{false};
    std::atomic<bool> is_closed{false};
};

PasswordWorker::PasswordWorker(std::shared_ptr<Context> context, Priority priority)
    : exchange_(std::make_shared<Exchange>(std::move(context))) {
    std::thread thread([exchange = exchange_, priority] { run(exchange, priority); });
    MERLON_ASSERT(::pthread_getcpuclockid(thread.native_handle(), &cpu_clock_) == 0);
    thread.detach();
}

PasswordWorker::~PasswordWorker() {
    exchange_->is_closed.store(true);
    exchange_->begun.post();
}

void PasswordWorker::begin(std::shared_ptr<PasswordJob> job) {
    job_ = job;
    exchange_->job = std::move(job);
    exchange_->begun.post();
}

bool PasswordWorker::collect() {
    if (!exchange_->is_done.exchange(false)) return false;
    exchange_->job = nullptr;
    const std::shared_ptr<PasswordJob> job = std::exchange(job_, nullptr);
    if (std::exchange(job->is_finished, true)) return false;
    if (job->hashed) {
        job->hashed->set(std::get<Result<std::string>>(std::move(exchange_->outcome)));
    } else {
        job->verified->set(
            std::get<Result<crypto::PasswordVerdict>>(std::move(exchange_->outcome)));
    }
    return true;
}

std::chrono::nanoseconds PasswordWorker::cpu_time() const {
    ::timespec spent{};
    MERLON_ASSERT(::clock_gettime(cpu_clock_, &spent) == 0);
    return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

void PasswordWorker::run(const std::shared_ptr<Exchange>& exchange, Priority priority) {
    take_no_signals();
    if (priority == Priority::Idle) run_when_idle();
    crypto::PasswordHasher hasher;
    for (exchange->begun.wait(); !exchange->is_closed.load(); exchange->begun.wait()) {
        exchange->outcome = compute(*exchange->job, *exchange->context, hasher);
        exchange->is_done.store(true);
        exchange->context->wakeup.post();
    }
}

}  // namespace merlon::identity
