// The hash table of revocations: probing, growing, shrinking.
#include "tokens/revocation_table.h"

#include <algorithm>

namespace merlon::tokens {
namespace {

constexpr std::size_t places_min = 16;
constexpr std::uint8_t free_tag = 0;

// Places for so many entries with room to grow by half.
std::size_t places_for(std::size_t entries) { return std::max(places_min, entries * 15 / 8); }

std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>(hash | 0x80); }

bool is_over(const Revoked& revoked, std::uint32_t now, std::uint32_t steady_now) {
    return revoked.until <= now && revoked.least_until <= steady_now;
}

}  // namespace

// Where it is, or the free place where it would be.
std::size_t RevocationTable::place_of(const RevokedId& id) const {
    const std::uint64_t hash = id.hash();
    // The top bits chose the part of the set that this table is: here the next ones choose.
    std::size_t place =
        static_cast<std::size_t>(static_cast<unsigned __int128>(hash << 6) * places_.size() >> 64);
    const std::uint8_t tag = tag_of(hash);
    __builtin_prefetch(&places_[place]);  // on its way while the tag is
    while (tags_[place] != free_tag && (tags_[place] != tag || places_[place].id != id)) {
        if (++place == places_.size()) place = 0;
    }
    return place;
}

void RevocationTable::put(const Revoked& revoked, std::size_t place) {
    places_[place] = revoked;
    tags_[place] = tag_of(revoked.id.hash());
}

bool RevocationTable::add(const Revoked& revoked) {
    if ((size_ + 1) * 5 > places_.size() * 4) rebuild(places_for(size_ + 1));
    const std::size_t place = place_of(revoked.id);
    if (tags_[place] == free_tag) {
        put(revoked, place);
        ++size_;
        return true;
    }
    Revoked& held = places_[place];
    const bool is_raised = held.least_version < revoked.least_version;
    held.least_version = std::max(held.least_version, revoked.least_version);
    held.until = std::max(held.until, revoked.until);
    held.least_until = std::max(held.least_until, revoked.least_until);
    return is_raised;
}

const Revoked* RevocationTable::find(const RevokedId& id) const {
    if (size_ == 0) return nullptr;
    const std::size_t place = place_of(id);
    return tags_[place] == free_tag ? nullptr : &places_[place];
}

void RevocationTable::drop_expired(std::uint32_t now, std::uint32_t steady_now) {
    std::size_t dropped = 0;
    for (std::size_t place = 0; place < places_.size(); ++place) {
        if (tags_[place] == free_tag || !is_over(places_[place], now, steady_now)) continue;
        // Marked; the tag stays, or what lies behind it would not be found.
        places_[place].least_version = 0;
        ++dropped;
    }
    if (dropped == 0) return;
    size_ -= dropped;
    rebuild(places_for(size_));
}

void RevocationTable::rebuild(std::size_t places) {
    std::vector<Revoked> old(places);
    old.swap(places_);
    std::vector<std::uint8_t> old_tags(places, free_tag);
    old_tags.swap(tags_);
    for (std::size_t place = 0; place < old.size(); ++place) {
        const Revoked& held = old[place];
        if (old_tags[place] != free_tag && held.least_version != 0) put(held, place_of(held.id));
    }
}

}  // namespace merlon::tokens
