// Limits the log-in attempts at one account, wherever they come from. An address without an account
// is limited in the same way: otherwise the difference would tell which accounts exist.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace merlon::identity {

// Safe from every thread. Holds a bounded number of accounts under attack, the most recent.
class LoginProtection final {
public:
    // Wrong attempts before the first lock, and as many again before each further one.
    static constexpr int failures_max = 10;
    static constexpr std::chrono::seconds first_lock{60};
    static constexpr std::chrono::seconds longest_lock{3'600};
    static constexpr std::size_t accounts_max = 100'000;

    explicit LoginProtection(const Clock& clock) : clock_(clock) {}

    // Fails while the account is locked, as begin() does. Error: begin()'s.
    Result<> check(const std::string& account) const;
    // Reserves one attempt, so that of many at once no more than the limit are evaluated. Every
    // success is followed by end(). Error: "limit.auth" (Exhausted, RetryAfter).
    Result<> begin(const std::string& account);
    enum class Verdict : std::uint8_t { Right, Wrong, Unknown };  // Unknown: it was not verified
    // True when this attempt locked the account.
    bool end(const std::string& account, Verdict verdict);

    // The error of an attempt that is not let through.
    static std::unexpected<Error> refuse(std::chrono::seconds delay) {
        return fail(Kind::Exhausted, "limit.auth", "the account is locked", RetryAfter{delay});
    }

private:
    struct Entry {
        std::string account;
        int failures = 0;
        int pending = 0;
        int locks = 0;
        SteadyTime locked_until{};
    };

    Entry& entry_of(const std::string& account) MERLON_REQUIRES(mutex_);
    Result<> check(const Entry& entry) const;

    const Clock& clock_;
    mutable Mutex mutex_;
    std::list<Entry> order_ MERLON_GUARDED_BY(mutex_);  // the most recent first
    std::unordered_map<std::string, std::list<Entry>::iterator> entries_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::identity
