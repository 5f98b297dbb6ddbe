// Two lists of keys, from which the least recent leave.
#include "identity/passwords/failure_table.h"

#include <algorithm>

namespace merlon::identity {

FailureTable::Entry& FailureTable::entry_of(const std::string& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) {
        Entry& entry = *found->second;
        Entries& list = list_of(entry);
        list.splice(list.begin(), list, found->second);
        if (clock_.steady() - entry.failed_at >= remembered) entry.failures = entry.locks = 0;
        return entry;
    }
    if (entries_.size() >= keys_max) evict_one();
    unlocked_.push_front({.key = key});
    entries_.emplace(key, unlocked_.begin());
    return unlocked_.front();
}

// A lock stays as long as anything else can go: whoever guesses at many addresses frees none. One
// that is forgotten makes room first, or old locks would leave none for counting.
void FailureTable::evict_one() {
    const bool is_forgotten =
        !locked_.empty() && clock_.steady() - locked_.back().failed_at >= remembered;
    Entries& list = is_forgotten || unlocked_.empty() ? locked_ : unlocked_;
    entries_.erase(list.back().key);
    list.pop_back();
}

Result<> FailureTable::check(const Entry& entry) const {
    const SteadyTime now = clock_.steady();
    if (now >= entry.locked_until) return {};
    return refuse(std::chrono::ceil<std::chrono::seconds>(entry.locked_until - now));
}

Result<> FailureTable::check(const std::string& key) const {
    const Lock lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? Result<>{} : check(*found->second);
}

Result<> FailureTable::begin(const std::string& key) {
    const Lock lock(mutex_);
    Entry& entry = entry_of(key);
    MERLON_TRY(check(entry));
    if (entry.failures + entry.pending >= failures_max_) return refuse(std::chrono::seconds{1});
    ++entry.pending;
    return {};
}

bool FailureTable::end(const std::string& key, Verdict verdict) {
    const Lock guard(mutex_);
    Entry& entry = entry_of(key);
    entry.pending = std::max(0, entry.pending - 1);
    if (verdict == Verdict::Right) entry.failures = entry.locks = 0;
    if (verdict == Verdict::Wrong) {
        entry.failed_at = clock_.steady();
        if (++entry.failures >= failures_max_) {
            lock(entry);
            return true;
        }
    }
    if (entry.failures == 0 && entry.locks == 0 && entry.pending == 0 && check(entry)) remove(key);
    return false;
}

void FailureTable::lock(Entry& entry) {
    const auto length = std::min(longest_lock, first_lock * (1 << std::min(entry.locks, 10)));
    ++entry.locks;
    entry.failures = 0;
    entry.locked_until = clock_.steady() + length;
    if (entry.has_been_locked) return;
    locked_.splice(locked_.begin(), unlocked_, entries_.at(entry.key));
    entry.has_been_locked = true;
}

void FailureTable::remove(const std::string& key) {
    const auto found = entries_.find(key);
    const Entries::iterator entry = found->second;
    entries_.erase(found);
    list_of(*entry).erase(entry);
}

}  // namespace merlon::identity
