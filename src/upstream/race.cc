// Runs the connection attempts of one request.
#include "upstream/race.h"

#include "base/spawn.h"

namespace merlon::upstream {

struct Race::Try {
    Try(Race& of, Target& target) : race(&of), use(target), number(target.number) {}

    Race* race;                    // null: nobody waits
    std::optional<TargetUse> use;  // ends with the race
    std::uint64_t number;
    http::ConnectAttempt attempt;
    std::optional<Result<std::unique_ptr<http::ClientConnection>>> result;
    bool is_told = false;
};

Race::Race(Executor executor, net::Deadlines& deadlines, Abandonment* abandonment)
    : executor_(executor),
      deadlines_(deadlines),
      abandonment_(abandonment != nullptr ? *abandonment : own_),
      wakes_(executor) {
    abandonment_.wakes_ = &wakes_;
}

Race::~Race() {
    abandonment_.wakes_ = nullptr;
    for (const auto& one : tries_) {
        one->race = nullptr;
        one->use.reset();
        if (!one->result) one->attempt.cancel();
    }
}

void Race::start(Target& target, std::chrono::milliseconds timeout) {
    auto one = std::make_shared<Try>(*this, target);
    tries_.push_back(one);
    spawn(executor_, connect(std::move(one), &deadlines_, timeout));
}

Task<> Race::connect(std::shared_ptr<Try> one, net::Deadlines* deadlines,
                     std::chrono::milliseconds timeout) {
    if (one->race == nullptr) co_return Result<>{};
    const Target& target = one->use->target();
    auto made = co_await http::ClientConnection::connect_to(target.address, target.endpoint,
                                                            one->attempt, *deadlines, timeout);
    if (one->race == nullptr) co_return Result<>{};
    one->result = std::move(made);
    one->race->wakes_.cancel();
    co_return Result<>{};
}

Task<Race::News> Race::next() {
    wakes_.expires_after(head_start);
    for (bool is_slow = false;;) {
        if (abandonment_.is_set()) co_return News::Abandoned;
        // A connection that is there goes before failures.
        std::optional<std::size_t> failed;
        for (std::size_t i = 0; i < tries_.size(); ++i) {
            if (!tries_[i]->result || tries_[i]->is_told) continue;
            if (*tries_[i]->result) {
                decided_ = i;
                tries_[i]->is_told = true;
                co_return News::Connected;
            }
            if (!failed) failed = i;
        }
        if (failed) {
            decided_ = *failed;
            tries_[*failed]->is_told = true;
            co_return News::Failed;
        }
        if (is_slow) co_return News::Slow;
        const auto [cancelled] = co_await wakes_.async_wait(as_result);
        is_slow = !cancelled;
    }
}

bool Race::has_tried(const Target& target) const {
    return std::ranges::any_of(tries_,
                               [&](const auto& one) { return one->number == target.number; });
}

Target& Race::decided() const { return tries_[decided_]->use->target(); }

std::unique_ptr<http::ClientConnection> Race::take_connection() {
    return std::move(**tries_[decided_]->result);
}

const Error& Race::failure() const { return tries_[decided_]->result->error(); }

std::vector<Target*> Race::overtaken() const {
    std::vector<Target*> slow;
    for (std::size_t i = 0; i < decided_; ++i) {
        if (!tries_[i]->result) slow.push_back(&tries_[i]->use->target());
    }
    return slow;
}

std::size_t Race::running() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(tries_, [](const auto& one) { return !one->result; }));
}

}  // namespace merlon::upstream
