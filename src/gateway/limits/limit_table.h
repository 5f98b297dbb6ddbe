// The counters of all clients of all limits: one table in process, without locks, of a fixed size.
//
// A client's counter is 16 bytes: a keyed hash of limit and client, and one word that holds when
// its window ends, how many requests counted and how many are reserved. Eight counters share two
// cache lines, and a client's counter lies in its own group only, so a hit reads two lines at most.
// When a group is full, a counter whose window is over goes first, else the one that has counted
// least: a flood of made-up clients evicts made-up clients.
//
// The window is fixed, as the seed's express-rate-limit has it: it begins with the first request
// and ends `window` later, whatever comes in between.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/siphash.h"

namespace merlon::gateway {

// A limit's verdict on a request.
struct LimitState {
    bool allowed = true;
    std::uint32_t remaining = 0;
    std::uint32_t reset_seconds = 0;  // until the window ends
};

struct LimitRule {
    std::uint32_t max;             // at most count_max
    std::uint32_t window_seconds;  // at most window_seconds_max
};

// Resource; one per process; safe from every thread.
class LimitTable final {
public:
    static constexpr std::uint32_t count_max = (1U << 28) - 1;
    static constexpr std::uint32_t window_seconds_max = 1U << 24;  // 194 days

    // Room for about `clients` counters: 32 bytes each. Entropy gives the hash its key.
    LimitTable(std::size_t clients, Entropy& entropy);

    // A client of a limit. `now_seconds` counts from any fixed moment.
    std::uint64_t key_of(std::uint64_t limit_id, std::string_view client) const;

    // Counts one request; refused when more than `max` have counted in this window.
    LimitState count(std::uint64_t key, const LimitRule& rule, std::uint32_t now_seconds);

    // For limits that do not count successes: takes a place before the outcome is known, so that
    // parallel guesses cannot pass. Allowed when counted and reserved together are below `max`.
    // With `is_full` the counted alone have reached it: waiting cannot help.
    struct Reservation {
        LimitState state;
        bool is_full = false;
    };
    Reservation reserve(std::uint64_t key, const LimitRule& rule, std::uint32_t now_seconds);

    enum class Outcome : std::uint8_t { Counts, Forgiven };
    // Ends a reservation that was allowed.
    void settle(std::uint64_t key, const LimitRule& rule, Outcome outcome,
                std::uint32_t now_seconds);

    std::size_t bytes() const { return (group_mask_ + 1) * sizeof(Group); }

private:
    struct Slot {
        std::atomic<std::uint64_t> key{0};
        std::atomic<std::uint64_t> word{0};
    };
    static constexpr std::size_t group_slots = 8;
    struct alignas(64) Group {
        Slot slots[group_slots];
    };
    struct Counts;

    // The counter of `key`, made when there is none.
    Slot& slot_of(std::uint64_t key, std::uint32_t now_seconds);
    template <class Change>
    Counts change(std::uint64_t key, const LimitRule& rule, std::uint32_t now_seconds,
                  Change change);

    struct Unmap {
        std::size_t bytes;
        void operator()(Group* groups) const;
    };

    SipHash hash_;
    std::size_t group_mask_;
    // Straight from the kernel: pages that no client's counter touches cost nothing.
    std::unique_ptr<Group[], Unmap> groups_;
};

}  // namespace merlon::gateway
