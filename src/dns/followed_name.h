// The addresses of one name as they are now, for those on other threads who connect to it.
#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/answer.h"
#include "base/current.h"

namespace merlon::dns {

using Addresses = std::vector<asio::ip::address>;

// Safe from every thread.
class FollowedName final {
public:
    // Coroutines that wait for one name.
    static constexpr std::size_t waiters_max = 10'000;
    static constexpr std::chrono::seconds asked_again_after{1};

    FollowedName(std::string host, std::function<void()> wake)
        : host_(std::move(host)), wake_(std::move(wake)) {}
    // An address, which is its own name and never changes.
    explicit FollowedName(const asio::ip::address& address);

    const std::string& host() const { return host_; }
    // Never null. Empty until the first answer; after that the last ones that were found: an
    // authority that is down, or says for a moment that there is no such name, takes nothing away.
    std::shared_ptr<const Addresses> addresses() const { return addresses_.load(); }
    // Changes with the addresses.
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    // Look-ups that have ended, whether they found anything.
    std::uint64_t lookups() const { return lookups_.load(std::memory_order_acquire); }
    // Why the last look-up found nothing; empty: it did.
    std::string problem() const { return *problem_.load(); }

    // None of the addresses can be reached. Asks again at once, and gives the number to wait for;
    // nothing where the last answer is not a second old, and for an address.
    std::optional<std::uint64_t> ask_again(SteadyTime now);
    // Returns when more than `seen` look-ups have ended.
    // Errors: "name.awaited" (too many wait), "answer.late".
    Task<> wait_for_lookup(std::uint64_t seen, SteadyTime deadline);

private:
    friend class Resolver;
    using Waiter = std::shared_ptr<Answer<void>>;

    // Of the resolver's thread.
    void found(Addresses addresses);
    void failed(std::string problem);
    void ended();
    void began(SteadyTime now) { asked_at_.store(now, std::memory_order_release); }
    bool take_request() { return is_asked_again_.exchange(false, std::memory_order_acq_rel); }

    const std::string host_;
    const std::function<void()> wake_;
    Current<Addresses> addresses_{std::make_shared<const Addresses>()};
    Current<std::string> problem_{std::make_shared<const std::string>()};
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<std::uint64_t> lookups_{0};
    std::atomic<SteadyTime> asked_at_{SteadyTime{}};  // last
    std::atomic<bool> is_asked_again_{false};
    Mutex mutex_;
    std::vector<Waiter> waiters_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::dns
