// Stops the guessing of passwords at one account, wherever the guesses come from. An address
// without an account is protected in the same way: or the difference would tell which exist.
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"

namespace merlon::identity {

// Safe from every thread. Holds a bounded number of accounts under attack, the most recent.
class LoginProtection final {
public:
    // Wrong guesses before the first lock, and each that follows it before the next.
    static constexpr int failures_max = 10;
    static constexpr std::chrono::seconds first_lock{60};
    static constexpr std::chrono::seconds longest_lock{3'600};
    static constexpr std::size_t accounts_max = 100'000;

    explicit LoginProtection(const Clock& clock) : clock_(clock) {}

    // Whether the account is locked, which begin() asks first. Error: as begin()'s.
    Result<> check(const std::string& account) const;
    // Reserves one guess, so that of many at once no more than the limit are evaluated. Every
    // success is followed by one of the three below. Error: "limit.auth" (Exhausted, RetryAfter).
    Result<> begin(const std::string& account);
    enum class Verdict : std::uint8_t { Right, Wrong, Unknown };  // Unknown: it was not evaluated
    // True when this guess locked the account.
    bool end(const std::string& account, Verdict verdict);

    // What begin() says when it does not let a guess through.
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

    Entry& entry_of(const std::string& account);
    Result<> check(const Entry& entry) const;

    const Clock& clock_;
    mutable std::mutex mutex_;
    std::list<Entry> order_;  // the most recent first
    std::unordered_map<std::string, std::list<Entry>::iterator> entries_;
};

}  // namespace merlon::identity
