// What was worked out for a text, kept by the text's SHA-256 for as long as it is good: nobody can
// find another text with the same, so a hit says that it was worked out for exactly this one.
//
// tokens/token_cache.h is the one on the request path of every request, and tuned for that.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "crypto/digest.h"

namespace merlon::tokens {

// Used by one thread. Eight places a set; in a full one the least recently used goes. An entry is
// good in [from, until): of a clock that has been put back nothing is kept either.
template <class T>
class DigestCache final {
public:
    static constexpr std::size_t places = 8;
    using Kept = std::shared_ptr<const T>;  // the entry may leave while it is in use

    // Holds up to 8 × `sets` entries; `sets` is a power of two. Empty, it costs nothing.
    explicit DigestCache(std::size_t sets) : sets_max_(sets) {}

    // Null when there is none that is good now.
    Kept find(const crypto::Sha256& digest, WallTime now) {
        if (sets_.empty()) return nullptr;
        for (Place& place : set_of(digest)) {
            if (!place.value || place.digest != digest) continue;
            if (now < place.from || now >= place.until) {
                place = {};
                return nullptr;
            }
            place.used = ++uses_;
            return place.value;
        }
        return nullptr;
    }

    void put(const crypto::Sha256& digest, Kept value, WallTime from, WallTime until) {
        if (sets_.empty()) sets_.resize(sets_max_);
        Set& set = set_of(digest);
        const auto known = std::ranges::find(set, digest, &Place::digest);
        const auto place =
            known != set.end() ? known : std::ranges::min_element(set, {}, &Place::used);
        *place = {digest, std::move(value), from, until, ++uses_};
    }

    void flush() { sets_.clear(); }

private:
    struct Place {
        crypto::Sha256 digest{};
        Kept value;
        WallTime from;
        WallTime until;
        std::uint64_t used = 0;  // when, counted in uses of the cache; 0: empty
    };
    using Set = std::array<Place, places>;

    Set& set_of(const crypto::Sha256& digest) {
        std::uint64_t number = 0;
        std::memcpy(&number, digest.data(), sizeof number);
        return sets_[number & (sets_max_ - 1)];
    }

    std::size_t sets_max_;
    std::vector<Set> sets_;  // made with the first entry
    std::uint64_t uses_ = 0;
};

}  // namespace merlon::tokens
