// Who gets the next connection of a pool that is in use, and when a waiter gives up.
#pragma once

#include <chrono>
#include <list>

#include "base/clock.h"

namespace merlon::storage {

// Once the oldest waiter has waited this long, more requests come than the database serves.
inline constexpr std::chrono::milliseconds overload_after{200};

// What a waiter does when it wakes without a connection.
enum class WaiterStep : std::uint8_t { Open, Wait, GiveUp };

// Waiters are served first in, first out. Once the oldest has waited for overload_after the queue
// is overloaded, as after the return of a database, and the newest is served first. Served in
// order, every waiter would be near its deadline when its turn comes, and a request of several
// statements would join the end of the queue for each of them; served newest first, requests that
// have begun finish.
//
// A value without a clock: each call says what time it is. Borrows the waiters.
template <class Waiter>
class WaiterQueue final {
    struct Entry {
        Waiter* waiter;
        SteadyTime since;
        SteadyTime deadline;
    };

public:
    using Place = std::list<Entry>::iterator;

    // Waits from `now` on, for at most `patience`.
    Place add(Waiter& waiter, SteadyTime now, std::chrono::milliseconds patience) {
        return entries_.insert(entries_.end(), {&waiter, now, now + patience});
    }
    void remove(Place place) { entries_.erase(place); }

    // The waiter to serve now; it stays in the queue. Null: nobody waits.
    Waiter* next(SteadyTime now) { return entries_.empty() ? nullptr : next_place(now)->waiter; }
    // The same, and removes it.
    Waiter* take_next(SteadyTime now) {
        if (entries_.empty()) return nullptr;
        const Place place = next_place(now);
        Waiter* waiter = place->waiter;
        entries_.erase(place);
        return waiter;
    }

    // A waiter that may open a connection does so even at its deadline.
    static WaiterStep step(Place place, SteadyTime now, bool may_grow) {
        if (may_grow) return WaiterStep::Open;
        return now < place->deadline ? WaiterStep::Wait : WaiterStep::GiveUp;
    }

    bool empty() const { return entries_.empty(); }
    template <class Visit>
    void for_each(Visit visit) {
        for (Entry& entry : entries_) visit(*entry.waiter);
    }

private:
    Place next_place(SteadyTime now) {
        const bool is_overloaded = now - entries_.front().since >= overload_after;
        return is_overloaded ? std::prev(entries_.end()) : entries_.begin();
    }

    std::list<Entry> entries_;  // the oldest first
};

}  // namespace merlon::storage
