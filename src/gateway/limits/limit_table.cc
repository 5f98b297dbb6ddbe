// Counts in slots of the table by compare-and-swap.
#include "gateway/limits/limit_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/result.h"

namespace merlon::gateway {

// The word of a counter, unpacked: 26 bits of end, 28 of count, 10 of reserved.
struct LimitTable::Counts {
    std::uint32_t end_seconds;
    std::uint32_t count;
    std::uint32_t reserved;

    static constexpr std::uint32_t end_mask = (1U << 26) - 1;
    static constexpr std::uint32_t reserved_max = (1U << 10) - 1;

    static Counts unpack(std::uint64_t word) {
        return {static_cast<std::uint32_t>(word >> 38),
                static_cast<std::uint32_t>(word >> 10) & count_max,
                static_cast<std::uint32_t>(word) & reserved_max};
    }
    std::uint64_t pack() const {
        return std::uint64_t{end_seconds} << 38 | std::uint64_t{count} << 10 | reserved;
    }
    // Seconds until the end; 0 when it is over. Time wraps after two years, so an end further off
    // than any window is one of long ago.
    std::uint32_t seconds_left(std::uint32_t now_seconds) const {
        const std::uint32_t left = (end_seconds - now_seconds) & end_mask;
        return left <= window_seconds_max ? left : 0;
    }
};

LimitTable::LimitTable(std::size_t clients, Entropy& entropy)
    : hash_(entropy),
      // Twice the slots: groups fill unevenly, and a full one evicts a counter.
      group_mask_(std::bit_ceil(std::max<std::size_t>(1, clients * 2 / group_slots)) - 1),
      groups_(nullptr, Unmap{(group_mask_ + 1) * sizeof(Group)}) {
    // Zero pages are counters with no key, no count, no reservation.
    void* memory =
        ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MERLON_ASSERT(memory != MAP_FAILED);
    groups_.reset(static_cast<Group*>(memory));
}

void LimitTable::Unmap::operator()(Group* groups) const { ::munmap(groups, bytes); }

std::uint64_t LimitTable::key_of(std::uint64_t limit_id, std::string_view client) const {
    char text[72];
    std::memcpy(text, &limit_id, sizeof limit_id);
    const std::size_t size = std::min(client.size(), sizeof text - sizeof limit_id);
    std::memcpy(text + sizeof limit_id, client.data(), size);
    const std::uint64_t key = hash_({text, sizeof limit_id + size});
    return key == 0 ? 1 : key;  // 0 marks an empty slot
}

LimitTable::Slot& LimitTable::slot_of(std::uint64_t key, std::uint32_t now_seconds) {
    Group& group = groups_[key & group_mask_];
    while (true) {
        Slot* victim = nullptr;
        std::uint64_t victim_key = 0;
        std::uint64_t least = UINT64_MAX;
        for (Slot& slot : group.slots) {
            std::uint64_t found = slot.key.load(std::memory_order_acquire);
            if (found == key) return slot;
            const Counts counts = Counts::unpack(slot.word.load(std::memory_order_relaxed));
            // Empty before over before little counted; never one with a reservation before others.
            std::uint64_t worth = 0;
            if (found != 0) {
                worth =
                    counts.seconds_left(now_seconds) == 0
                        ? 1
                        : 2 + std::uint64_t{counts.count} + (std::uint64_t{counts.reserved} << 32);
            }
            if (worth < least) {
                least = worth;
                victim = &slot;
                victim_key = found;
            }
        }
        if (victim->key.compare_exchange_strong(victim_key, key, std::memory_order_acq_rel)) {
            // Another thread that finds the key before this store counts into the old window's
            // word; it loses one count at the very beginning of a window.
            victim->word.store(0, std::memory_order_release);
            return *victim;
        }
    }
}

template <class Change>
LimitTable::Counts LimitTable::change(std::uint64_t key, const LimitRule& rule,
                                      std::uint32_t now_seconds, Change change) {
    Slot& slot = slot_of(key, now_seconds);
    std::uint64_t word = slot.word.load(std::memory_order_relaxed);
    while (true) {
        Counts counts = Counts::unpack(word);
        const bool is_new = word == 0;
        if (is_new || counts.seconds_left(now_seconds) == 0) {
            // Reservations outlive their window: they are still to be settled.
            counts = {(now_seconds + rule.window_seconds) & Counts::end_mask, 0,
                      is_new ? 0 : counts.reserved};
        }
        change(counts);
        if (slot.word.compare_exchange_weak(word, counts.pack(), std::memory_order_relaxed)) {
            return counts;
        }
    }
}

LimitState LimitTable::count(std::uint64_t key, const LimitRule& rule, std::uint32_t now_seconds) {
    const Counts counts = change(key, rule, now_seconds,
                                 [](Counts& c) { c.count = std::min(c.count + 1, count_max); });
    return {counts.count <= rule.max, rule.max - std::min(rule.max, counts.count),
            counts.seconds_left(now_seconds)};
}

LimitTable::Reservation LimitTable::reserve(std::uint64_t key, const LimitRule& rule,
                                            std::uint32_t now_seconds) {
    bool allowed = false;
    const Counts counts = change(key, rule, now_seconds, [&](Counts& c) {
        allowed = c.count + c.reserved < rule.max && c.reserved < Counts::reserved_max;
        if (allowed) ++c.reserved;
    });
    const std::uint32_t taken = std::min(rule.max, counts.count + counts.reserved);
    return {{allowed, rule.max - taken, counts.seconds_left(now_seconds)},
            counts.count >= rule.max};
}

void LimitTable::settle(std::uint64_t key, const LimitRule& rule, Outcome outcome,
                        std::uint32_t now_seconds) {
    change(key, rule, now_seconds, [&](Counts& c) {
        if (c.reserved > 0) --c.reserved;
        if (outcome == Outcome::Counts) c.count = std::min(c.count + 1, count_max);
    });
}

}  // namespace merlon::gateway
