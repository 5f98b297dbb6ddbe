// Converts a UUID's text to bytes and back, and hashes it.
#include "tokens/revoked_id.h"

#include <bit>
#include <cstring>

namespace merlon::tokens {
namespace {

constexpr std::size_t uuid_length = 36;
// Where the two digits of each byte are.
constexpr std::array<unsigned char, 16> byte_places = {0,  2,  4,  6,  9,  11, 14, 16,
                                                       19, 21, 24, 26, 28, 30, 32, 34};

// By character, of a hexadecimal digit; 16: it is none. A table: a
// snapshot brings a million of 32.
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

}  // namespace

std::optional<RevokedId> RevokedId::parse(std::string_view text) {
    if (text.size() != uuid_length) return std::nullopt;
    if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') {
        return std::nullopt;
    }
    std::array<unsigned char, 16> bytes{};
    unsigned wrong = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned high = digit(text[byte_places[i]]);
        const unsigned low = digit(text[byte_places[i] + 1U]);
        wrong |= high | low;
        bytes[i] = static_cast<unsigned char>(high << 4 | (low & 15));
    }
    if ((wrong & 16) != 0) return std::nullopt;
    RevokedId id;
    std::memcpy(id.words_.data(), bytes.data(), bytes.size());
    return id;
}

std::string RevokedId::text() const {
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    std::array<unsigned char, 16> bytes{};
    std::memcpy(bytes.data(), words_.data(), bytes.size());
    std::string text(uuid_length, '-');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        text[byte_places[i]] = hexadecimal[bytes[i] >> 4];
        text[byte_places[i] + 1U] = hexadecimal[bytes[i] & 15];
    }
    return text;
}

std::uint64_t RevokedId::hash() const {
    constexpr std::uint64_t golden = 0x9e37'79b9'7f4a'7c15;
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(words_);
    const std::uint64_t mixed = (halves[1] ^ std::rotl(halves[0], 29)) * golden;
    return (mixed ^ mixed >> 32) * golden;
}

}  // namespace merlon::tokens
