// Keeps the session keys that are to be written to Redis, and those that are written and may have
// to be written again: a Redis that was restarted or replaced comes back empty.
#pragma once

#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/answer.h"
#include "identity/revocation/session_key.h"

namespace merlon::identity {

// Holds a bounded number of keys, each once. Not safe from several threads.
class SessionKeyJournal final {
public:
    // Under a kilobyte each: at most some 50 MiB, and more sign-outs in a token's life than the
    // hashing of passwords lets sign in.
    static constexpr std::size_t keys_max = 50'000;

    // Set as soon as the key is written or given up for now.
    using Waiter = std::shared_ptr<Answer<void>>;

    // `waiter` may be null. False: the oldest key was dropped for it, unwritten.
    bool add(SessionKey key, Waiter waiter);
    // Keys to be written, the oldest first.
    std::vector<SessionKey> next(std::size_t max) const;
    // Redis has it as next() gave it; the journal's may have changed since.
    void note_written(const SessionKey& key);
    // Redis refuses it for good.
    void drop(const SessionKey& key);
    // Written keys may be lost, and wait again.
    void note_loss();
    // Sets all waiters. The keys still wait to be written.
    void release_waiters();
    // Drops keys that are not needed any more; gives how many of them were not written.
    std::size_t forget_expired(WallTime now);

    std::size_t waiting() const { return waiting_.size(); }

private:
    struct Entry {
        SessionKey key;
        std::vector<Waiter> waiters;
        bool is_written = false;  // which list it is in
    };
    using List = std::list<Entry>;

    static void release(Entry& entry);
    void erase(List::iterator entry);

    List waiting_;                                                  // the oldest first
    List written_;                                                  // the first written first
    std::unordered_map<std::string_view, List::iterator> entries_;  // by the name in the entry
};

}  // namespace merlon::identity
