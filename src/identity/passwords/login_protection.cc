// Counts failures and locks of each account.
#include "identity/passwords/login_protection.h"

#include <algorithm>

namespace merlon::identity {

LoginProtection::Entry& LoginProtection::entry_of(const std::string& account) {
    if (const auto found = entries_.find(account); found != entries_.end()) {
        order_.splice(order_.begin(), order_, found->second);
        return *found->second;
    }
    if (order_.size() >= accounts_max) {
        entries_.erase(order_.back().account);
        order_.pop_back();
    }
    order_.push_front({.account = account});
    entries_.emplace(account, order_.begin());
    return order_.front();
}

Result<> LoginProtection::check(const Entry& entry) const {
    const SteadyTime now = clock_.steady();
    if (now >= entry.locked_until) return {};
    return refuse(std::chrono::ceil<std::chrono::seconds>(entry.locked_until - now));
}

Result<> LoginProtection::check(const std::string& account) const {
    const Lock lock(mutex_);
    const auto found = entries_.find(account);
    return found == entries_.end() ? Result<>{} : check(*found->second);
}

Result<> LoginProtection::begin(const std::string& account) {
    const Lock lock(mutex_);
    Entry& entry = entry_of(account);
    MERLON_TRY(check(entry));
    if (entry.failures + entry.pending >= failures_max) return refuse(std::chrono::seconds{1});
    ++entry.pending;
    return {};
}

bool LoginProtection::end(const std::string& account, Verdict verdict) {
    const Lock lock(mutex_);
    Entry& entry = entry_of(account);
    entry.pending = std::max(0, entry.pending - 1);
    if (verdict == Verdict::Right) {
        entry.failures = 0;
        entry.locks = 0;
    }
    if (verdict != Verdict::Wrong || ++entry.failures < failures_max) return false;
    const auto length = std::min(longest_lock, first_lock * (1 << std::min(entry.locks, 10)));
    ++entry.locks;
    entry.failures = 0;
    entry.locked_until = clock_.steady() + length;
    return true;
}

}  // namespace merlon::identity
