// Keeps two lists, of waiting and of written keys, and moves keys between them.
#include "identity/revocation/session_key_journal.h"

#include <algorithm>
#include <iterator>

namespace merlon::identity {

void SessionKeyJournal::release(Entry& entry) {
    for (const Waiter& waiter : std::exchange(entry.waiters, {})) waiter->set({});
}

void SessionKeyJournal::erase(List::iterator entry) {
    release(*entry);
    entries_.erase(entry->key.name);
    (entry->is_written ? written_ : waiting_).erase(entry);
}

bool SessionKeyJournal::add(SessionKey key, Waiter waiter) {
    if (const auto found = entries_.find(key.name); found != entries_.end()) {
        Entry& known = *found->second;
        const bool adds_something =
            key.version > known.key.version || (key.until > known.key.until);
        known.key.version = std::max(known.key.version, key.version);
        known.key.until = std::max(known.key.until, key.until);
        if (adds_something && known.is_written) {
            known.is_written = false;
            waiting_.splice(waiting_.end(), written_, found->second);
        }
        if (waiter) known.waiters.push_back(std::move(waiter));
        if (known.is_written) release(known);
        return true;
    }
    bool loses_none = true;
    if (entries_.size() >= keys_max) {
        loses_none = !written_.empty();
        erase(loses_none ? written_.begin() : waiting_.begin());
    }
    waiting_.push_back({std::move(key), {}});
    if (waiter) waiting_.back().waiters.push_back(std::move(waiter));
    entries_.emplace(waiting_.back().key.name, std::prev(waiting_.end()));
    return loses_none;
}

std::vector<SessionKey> SessionKeyJournal::next(std::size_t max) const {
    std::vector<SessionKey> keys;
    for (auto entry = waiting_.begin(); entry != waiting_.end() && keys.size() < max; ++entry) {
        keys.push_back(entry->key);
    }
    return keys;
}

void SessionKeyJournal::note_written(const SessionKey& key) {
    const auto found = entries_.find(key.name);
    if (found == entries_.end() || found->second->is_written) return;
    Entry& entry = *found->second;
    // Raised meanwhile: still to be written.
    if (entry.key.version > key.version || entry.key.until > key.until) return;
    entry.is_written = true;
    release(entry);
    written_.splice(written_.end(), waiting_, found->second);
}

void SessionKeyJournal::drop(const SessionKey& key) {
    if (const auto found = entries_.find(key.name); found != entries_.end()) erase(found->second);
}

void SessionKeyJournal::note_loss() {
    for (Entry& entry : written_) entry.is_written = false;
    waiting_.splice(waiting_.end(), written_);
}

void SessionKeyJournal::release_waiters() {
    for (Entry& entry : waiting_) release(entry);
}

std::size_t SessionKeyJournal::forget_expired(WallTime now) {
    std::size_t unwritten = 0;
    for (List* list : {&waiting_, &written_}) {
        for (auto entry = list->begin(); entry != list->end();) {
            const auto one = entry++;
            if (one->key.seconds_left(now) > 0) continue;
            unwritten += one->is_written ? 0 : 1;
            erase(one);
        }
    }
    return unwritten;
}

}  // namespace merlon::identity
