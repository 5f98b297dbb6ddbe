// Making and reading UUIDs.
#include "base/uuid.h"

#include <cstdint>

namespace merlon {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void set_version(std::array<std::byte, 16>& bytes, int version) {
    bytes[6] = (bytes[6] & std::byte{0x0f}) | static_cast<std::byte>(version << 4);
    bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // RFC 9562 section 4.1
}

bool is_dash_position(std::size_t index) {
    return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

Uuid Uuid::make_v7(WallTime now, Entropy& entropy) {
    std::array<std::byte, 16> bytes;
    entropy.fill(bytes);
    const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
    for (int i = 0; i < 6; ++i) bytes[i] = static_cast<std::byte>(ms >> (40 - 8 * i));
    set_version(bytes, 7);
    return format(bytes);
}

Uuid Uuid::make_v4(Entropy& entropy) {
    std::array<std::byte, 16> bytes;
    entropy.fill(bytes);
    set_version(bytes, 4);
    return format(bytes);
}

Result<Uuid> Uuid::parse(std::string_view text) {
    Uuid uuid;
    if (text.size() != uuid.text_.size()) return fail(Kind::Invalid, "uuid.malformed");
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const char lower = (c >= 'A' && c <= 'F') ? static_cast<char>(c + ('a' - 'A')) : c;
        const bool fits =
            is_dash_position(i) ? lower == '-' : hex_digits.find(lower) != std::string_view::npos;
        if (!fits) return fail(Kind::Invalid, "uuid.malformed");
        uuid.text_[i] = lower;
    }
    return uuid;
}

Uuid Uuid::format(std::array<std::byte, 16> bytes) {
    Uuid uuid;
    std::size_t at = 0;
    for (const std::byte byte : bytes) {
        if (is_dash_position(at)) uuid.text_[at++] = '-';
        uuid.text_[at++] = hex_digits[static_cast<unsigned>(byte) >> 4];
        uuid.text_[at++] = hex_digits[static_cast<unsigned>(byte) & 15];
    }
    return uuid;
}

}  // namespace merlon
