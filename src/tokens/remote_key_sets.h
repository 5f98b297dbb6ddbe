// Foreign issuers' key sets by URL: fetched on threads of their own, read by every worker.
//
// A set is fetched at start, every five minutes, and when a token names a key that is not in it.
// The last is what strangers can cause, so such fetches have turns, thirty seconds apart; who needs
// one waits for the next turn (key_wait.h). When fetching fails, the keys of the last time stay.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/answer.h"
#include "base/clock.h"
#include "base/current.h"
#include "base/mutex.h"
#include "fetch/fetcher.h"
#include "tokens/jwk_json.h"

namespace merlon::tokens {

// No key of the issuer was ever fetched (Unavailable, RetryAfter).
inline constexpr std::string_view absent_keys_rule = "token.keys_absent";
// Too many requests wait for the issuer's keys (Exhausted, RetryAfter).
inline constexpr std::string_view awaited_keys_rule = "token.keys_awaited";

class RemoteKeySets;

// Safe from every thread.
class RemoteKeySet final {
public:
    using Keys = std::shared_ptr<const std::vector<NamedKey>>;

    RemoteKeySet(RemoteKeySets& owner, fetch::Request source)
        : owner_(owner), source_(std::move(source)) {}

    // As last fetched; shared with who is verifying. Never null; empty until the first time.
    Keys keys() const { return keys_.load(); }
    // Changes with the keys.
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

    // A token named a key that is not there: perhaps it is new. Fetches are numbered from 1; gives
    // the number of the one that will tell, or of an earlier one when none is to be waited for.
    std::uint64_t request_fetch();
    // How many fetches have ended.
    std::uint64_t fetches() const { return fetches_.load(std::memory_order_acquire); }
    // Returns when more than `seen` fetches have ended. Errors: awaited_keys_rule, "answer.late".
    Task<> wait_for_fetch(std::uint64_t seen, SteadyTime deadline);
    // Whether it had a key of this name, and lost it: nobody waits for that one to come back.
    bool has_lost(std::string_view kid) const;
    // absent_keys_rule, with the time until the next fetch.
    Error absent() const;

private:
    friend class RemoteKeySets;

    RemoteKeySets& owner_;
    const fetch::Request source_;
    Current<std::vector<NamedKey>> keys_{std::make_shared<const std::vector<NamedKey>>()};
    Current<std::vector<std::string>> lost_{std::make_shared<const std::vector<std::string>>()};
    std::atomic<std::uint64_t> generation_{1};
    std::atomic<std::uint64_t> fetches_{0};

    // Of the thread that fetches it.
    void replace(std::vector<NamedKey> keys);
    std::string document_;
    bool has_failed_ = false;
};

class RemoteKeySets final {
public:
    static constexpr std::chrono::minutes fetched_every{5};
    static constexpr std::chrono::seconds retried_after{30};
    // A stranger cannot make us ask more often than this.
    static constexpr std::chrono::seconds missed_every{30};
    // Requests that wait for one set.
    static constexpr std::size_t waiters_max = 1'000;

    // Told when fetching begins to fail and when it works again.
    using Report = std::function<void(const std::string& line)>;

    // Borrows for life; `report` is called by several threads. Outlives the sets it gives.
    RemoteKeySets(fetch::Fetcher& fetcher, const Clock& clock, Report report)
        : fetcher_(fetcher), clock_(clock), report_(std::move(report)) {}

    // The set of this source; it is kept as long as somebody holds it, over reloads too.
    std::shared_ptr<RemoteKeySet> obtain(const fetch::Request& source);

    // Calls `done` when work() has tried to fetch every set there is. Before run().
    void when_tried(std::function<void()> done) { when_tried_ = std::move(done); }
    // Fetches what is due, and gives when there will be more to do. One thread at a time.
    SteadyTime work(std::stop_token stop);
    // Works until `stop` is requested.
    void run(std::stop_token stop);

private:
    friend class RemoteKeySet;
    using Waiter = std::shared_ptr<Answer<void>>;
    struct Entry {
        std::weak_ptr<RemoteKeySet> set;           // whoever verifies owns it
        std::optional<SteadyTime> due = {};        // regularly; none: now
        std::optional<SteadyTime> turn = {};       // of the fetch that a miss has asked for
        std::optional<SteadyTime> last_turn = {};  // of the last such fetch
        std::uint64_t begun = 0;                   // fetches
        std::uint64_t ended = 0;
        std::vector<Waiter> waiters = {};

        bool is_under_way() const { return begun > ended; }
        SteadyTime next() const {
            const SteadyTime regular = due.value_or(SteadyTime{});
            return turn ? std::min(regular, *turn) : regular;
        }
    };
    // Of a set that somebody holds.
    Entry& entry_of(const RemoteKeySet& set) MERLON_REQUIRES(mutex_);
    std::uint64_t request_fetch(const RemoteKeySet& set);
    Result<> add_waiter(const RemoteKeySet& set, std::uint64_t seen, Waiter waiter);
    std::chrono::seconds until_next_fetch(const RemoteKeySet& set);
    std::vector<std::shared_ptr<RemoteKeySet>> take_due();
    void fetch_and_tell(RemoteKeySet& set, std::stop_token stop);
    bool fetch(RemoteKeySet& set, std::stop_token stop);
    void note_end(RemoteKeySet& set, bool is_fetched);

    fetch::Fetcher& fetcher_;
    const Clock& clock_;
    Report report_;
    std::function<void()> when_tried_;
    Mutex mutex_;
    std::condition_variable_any wakes_;
    bool has_news_ MERLON_GUARDED_BY(mutex_) = false;
    std::vector<Entry> sets_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::tokens
