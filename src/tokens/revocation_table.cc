// Probing, growing, shrinking.
#include "tokens/revocation_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace merlon::tokens {
namespace {

constexpr std::size_t uuid_length = 36;
constexpr std::size_t places_min = 16;

// By character, of a hexadecimal digit; 16: it is none. A table: every request asks twice for 32.
constexpr auto digits = [] {
    std::array<unsigned char, 256> table{};
    table.fill(16);
    for (unsigned char i = 0; i < 10; ++i) table['0' + i] = i;
    for (unsigned char i = 0; i < 6; ++i) {
        table['a' + i] = table['A' + i] = static_cast<unsigned char>(10 + i);
    }
    return table;
}();

unsigned digit(char c) { return digits[static_cast<unsigned char>(c)]; }

// Places for so many entries with room to grow by half.
std::size_t places_for(std::size_t entries) { return std::max(places_min, entries * 15 / 8); }

bool is_over(const Revoked& revoked, std::uint32_t now, std::uint32_t steady_now) {
    return revoked.until <= now && revoked.least_until <= steady_now;
}

}  // namespace

std::optional<RevokedId> RevokedId::parse(std::string_view text) {
    if (text.size() != uuid_length) return std::nullopt;
    if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') {
        return std::nullopt;
    }
    // Where the digits of each byte are.
    constexpr std::array<unsigned char, 16> places = {0,  2,  4,  6,  9,  11, 14, 16,
                                                      19, 21, 24, 26, 28, 30, 32, 34};
    std::array<unsigned char, 16> bytes{};
    unsigned wrong = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned high = digit(text[places[i]]);
        const unsigned low = digit(text[places[i] + 1U]);
        wrong |= high | low;
        bytes[i] = static_cast<unsigned char>(high << 4 | (low & 15));
    }
    if ((wrong & 16) != 0) return std::nullopt;
    RevokedId id;
    std::memcpy(id.words_.data(), bytes.data(), bytes.size());
    if (id.is_nil()) return std::nullopt;
    return id;
}

std::uint64_t RevokedId::hash() const {
    constexpr std::uint64_t golden = 0x9e37'79b9'7f4a'7c15;
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(words_);
    const std::uint64_t mixed = (halves[1] ^ std::rotl(halves[0], 29)) * golden;
    return (mixed ^ mixed >> 32) * golden;
}

// The table of a shard is told by the top bits of the hash: here the others choose.
std::size_t RevocationTable::first_place(const RevokedId& id) const {
    const std::uint64_t rest = id.hash() << 6;
    return static_cast<std::size_t>(static_cast<unsigned __int128>(rest) * places_.size() >> 64);
}

void RevocationTable::prefetch(const RevokedId& id) const {
    if (size_ != 0) __builtin_prefetch(&places_[first_place(id)]);
}

std::size_t RevocationTable::place_of(const RevokedId& id) const {
    std::size_t place = first_place(id);
    while (!places_[place].id.is_nil() && places_[place].id != id) {
        if (++place == places_.size()) place = 0;
    }
    return place;
}

void RevocationTable::add(const Revoked& revoked) {
    if ((size_ + 1) * 5 > places_.size() * 4) rebuild(places_for(size_ + 1));
    Revoked& held = places_[place_of(revoked.id)];
    if (held.id.is_nil()) {
        held = revoked;
        ++size_;
        return;
    }
    held.least_version = std::max(held.least_version, revoked.least_version);
    held.until = std::max(held.until, revoked.until);
    held.least_until = std::max(held.least_until, revoked.least_until);
}

const Revoked* RevocationTable::find(const RevokedId& id) const {
    if (size_ == 0) return nullptr;
    const Revoked& held = places_[place_of(id)];
    return held.id.is_nil() ? nullptr : &held;
}

void RevocationTable::drop_expired(std::uint32_t now, std::uint32_t steady_now) {
    std::size_t dropped = 0;
    for (Revoked& held : places_) {
        if (held.id.is_nil() || !is_over(held, now, steady_now)) continue;
        held.least_version = 0;  // marked; the id stays, or what lies behind it would not be found
        ++dropped;
    }
    if (dropped == 0) return;
    size_ -= dropped;
    rebuild(places_for(size_));
}

void RevocationTable::rebuild(std::size_t places) {
    std::vector<Revoked> old(places);
    old.swap(places_);
    for (const Revoked& held : old) {
        if (!held.id.is_nil() && held.least_version != 0) places_[place_of(held.id)] = held;
    }
}

}  // namespace merlon::tokens
