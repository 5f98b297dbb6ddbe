// Keeps the addresses of a name, and wakes those who wait for them.
#include "dns/followed_name.h"

#include <algorithm>

namespace merlon::dns {

FollowedName::FollowedName(const asio::ip::address& address)
    : host_(address.to_string()),
      addresses_(std::make_shared<const Addresses>(Addresses{address})),
      generation_(1),
      lookups_(1) {}

std::optional<std::uint64_t> FollowedName::ask_again(SteadyTime now) {
    if (!wake_ || now < asked_at_.load(std::memory_order_acquire) + asked_again_after) return {};
    const std::uint64_t seen = lookups();
    if (!is_asked_again_.exchange(true, std::memory_order_acq_rel)) wake_();
    return seen;
}

Task<> FollowedName::wait_for_lookup(std::uint64_t seen, SteadyTime deadline) {
    return Answer<void>::wait_for(
        [this, seen](Waiter waiter) -> Result<> {
            const Lock lock(mutex_);
            if (lookups() > seen) {
                waiter->set({});
                return {};
            }
            if (waiters_.size() >= waiters_max) return fail(Kind::Exhausted, "name.awaited");
            waiters_.push_back(std::move(waiter));
            return {};
        },
        deadline);
}

void FollowedName::found(Addresses addresses) {
    // In another order they are the same ones: authorities turn them round with every answer.
    const auto known = addresses_.load();
    if (!std::ranges::is_permutation(*known, addresses)) {
        addresses_.store(std::make_shared<const Addresses>(std::move(addresses)));
        generation_.fetch_add(1, std::memory_order_release);
    }
    problem_.store(std::make_shared<const std::string>());
    ended();
}

void FollowedName::failed(std::string problem) {
    problem_.store(std::make_shared<const std::string>(std::move(problem)));
    ended();
}

void FollowedName::ended() {
    std::vector<Waiter> waiters;
    {
        const Lock lock(mutex_);
        lookups_.fetch_add(1, std::memory_order_release);
        waiters.swap(waiters_);
    }
    for (const Waiter& waiter : waiters) waiter->set({});
}

}  // namespace merlon::dns
