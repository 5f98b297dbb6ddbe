// Foreign issuers' key sets by URL: fetched on a thread of their own, read by every worker.
//
// A set is fetched at start, every five minutes, and when a token names a key that is not in it,
// which strangers can do: so that counts twice in thirty seconds once. Until it was fetched there
// is no key; when fetching fails, the keys of the last time stay.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/current.h"
#include "base/mutex.h"
#include "fetch/fetcher.h"
#include "tokens/jwk_json.h"

namespace merlon::tokens {

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
    // A token named a key that is not there: perhaps it is new.
    void miss();

private:
    friend class RemoteKeySets;

    RemoteKeySets& owner_;
    const fetch::Request source_;
    Current<std::vector<NamedKey>> keys_{std::make_shared<const std::vector<NamedKey>>()};
    std::atomic<std::uint64_t> generation_{1};

    // Of the owner's thread.
    std::string document_;
    bool has_failed_ = false;
};

class RemoteKeySets final {
public:
    static constexpr std::chrono::minutes fetched_every{5};
    static constexpr std::chrono::seconds retried_after{30};
    // A stranger cannot make us ask more often than this.
    static constexpr std::chrono::seconds missed_every{30};

    // Told when fetching begins to fail and when it works again. On the thread of run().
    using Report = std::function<void(const std::string& line)>;

    // Borrows for life. Outlives the sets it gives.
    RemoteKeySets(fetch::Fetcher& fetcher, const Clock& clock, Report report)
        : fetcher_(fetcher), clock_(clock), report_(std::move(report)) {}

    // The set of this source; it is kept as long as somebody holds it, over reloads too.
    std::shared_ptr<RemoteKeySet> obtain(const fetch::Request& source);

    // Fetches what is due, and gives when there will be more to do. One thread at a time.
    SteadyTime work(std::stop_token stop);
    // Works until `stop` is requested.
    void run(std::stop_token stop);

private:
    friend class RemoteKeySet;
    struct Entry {
        std::weak_ptr<RemoteKeySet> set;     // whoever verifies owns it
        std::optional<SteadyTime> due = {};  // none: now
        std::optional<SteadyTime> missed = {};
        bool was_asked_for = false;  // fetched, or tried to
    };
    // Of a set that somebody holds.
    Entry& entry_of(const RemoteKeySet& set) MERLON_REQUIRES(mutex_);
    void miss(const RemoteKeySet& set);
    std::vector<std::shared_ptr<RemoteKeySet>> take_due();
    bool fetch(RemoteKeySet& set, std::stop_token stop);

    fetch::Fetcher& fetcher_;
    const Clock& clock_;
    Report report_;
    Mutex mutex_;
    std::condition_variable_any wakes_;
    bool has_news_ MERLON_GUARDED_BY(mutex_) = false;
    std::vector<Entry> sets_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::tokens
