// Counts failures by a key, and locks a key that has too many.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace merlon::identity {

// What became of an attempt. Unknown: it was not verified.
enum class Verdict : std::uint8_t { Right, Wrong, Unknown };

// Safe from every thread. Holds a bounded number of keys: those that are locked before those that
// only have failures, and of each the most recent. A key without failures is not held.
class FailureTable final {
public:
    static constexpr std::chrono::seconds first_lock{60};
    static constexpr std::chrono::seconds longest_lock{3'600};
    // Failures and locks of a key without a failure for so long are forgotten.
    static constexpr std::chrono::hours remembered{24};
    static constexpr std::size_t keys_max = 100'000;

    // `failures_max`: before the first lock, and as many again before each further one.
    FailureTable(int failures_max, const Clock& clock)
        : failures_max_(failures_max), clock_(clock) {}

    // Fails while the key is locked, as begin() does. Error: begin()'s.
    Result<> check(const std::string& key) const;
    // Reserves one attempt, so that of many at once no more than the limit are evaluated. Every
    // success is followed by end(). Error: "limit.auth" (Exhausted, RetryAfter).
    Result<> begin(const std::string& key);
    // True when this attempt locked the key.
    bool end(const std::string& key, Verdict verdict);

    // The error of an attempt that is not let through.
    static std::unexpected<Error> refuse(std::chrono::seconds delay) {
        return fail(Kind::Exhausted, "limit.auth", "too many wrong passwords", RetryAfter{delay});
    }

private:
    struct Entry {
        std::string key;
        int failures = 0;
        int pending = 0;
        int locks = 0;
        bool has_been_locked = false;  // and is in locked_
        SteadyTime locked_until{};
        SteadyTime failed_at{};
    };
    using Entries = std::list<Entry>;

    Entry& entry_of(const std::string& key) MERLON_REQUIRES(mutex_);
    Entries& list_of(const Entry& entry) MERLON_REQUIRES(mutex_) {
        return entry.has_been_locked ? locked_ : unlocked_;
    }
    void evict_one() MERLON_REQUIRES(mutex_);
    void lock(Entry& entry) MERLON_REQUIRES(mutex_);
    void remove(const std::string& key) MERLON_REQUIRES(mutex_);
    Result<> check(const Entry& entry) const;

    const int failures_max_;
    const Clock& clock_;
    mutable Mutex mutex_;
    // The most recent first.
    Entries unlocked_ MERLON_GUARDED_BY(mutex_);
    Entries locked_ MERLON_GUARDED_BY(mutex_);
    std::unordered_map<std::string, Entries::iterator> entries_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::identity
