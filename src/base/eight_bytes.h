// Looks at text eight bytes at a time, for what every request pays for.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace merlon {

// The high bit of each byte that is at least `bound`; all bytes are below 0x80.
constexpr std::uint64_t bytes_at_least(std::uint64_t bytes, unsigned char bound) {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101;
    return (bytes + each * (0x80U - bound)) & (each * 0x80);
}

// Whether `find` gives a bit for any eight bytes of ASCII text. A shorter text is filled up with
// `neutral`; the last eight bytes of a longer one may be looked at twice.
template <class Find>
bool any_of_eight_bytes(std::string_view text, char neutral, Find find) {
    std::uint64_t bytes = 0;
    if (text.size() < sizeof bytes) {
        std::memset(&bytes, neutral, sizeof bytes);
        for (std::size_t i = 0; i < text.size(); ++i) {
            bytes = bytes << 8 | static_cast<unsigned char>(text[i]);
        }
        return find(bytes) != 0;
    }
    std::memcpy(&bytes, text.data() + text.size() - sizeof bytes, sizeof bytes);
    std::uint64_t found = find(bytes);
    for (std::size_t at = 0; at + sizeof bytes < text.size(); at += sizeof bytes) {
        std::memcpy(&bytes, text.data() + at, sizeof bytes);
        found |= find(bytes);
    }
    return found != 0;
}

}  // namespace merlon
