// Normalizing by utf8proc, and the characters that show nothing.
#include "wire/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

namespace merlon::wire {
namespace {

struct Range {
    utf8proc_int32_t first;
    utf8proc_int32_t last;
};

// Characters that show nothing though their category says letter, mark or symbol: the rest of
// Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and the blank of Braille.
constexpr Range blank[] = {
    {0x034f, 0x034f},    // combining grapheme joiner
    {0x115f, 0x1160},    // Hangul fillers
    {0x17b4, 0x17b5},    // Khmer inherent vowels
    {0x180b, 0x180f},    // Mongolian variation selectors and vowel separator
    {0x2800, 0x2800},    // Braille pattern blank
    {0x3164, 0x3164},    // Hangul filler
    {0xfe00, 0xfe0f},    // variation selectors
    {0xffa0, 0xffa0},    // halfwidth Hangul filler
    {0xe0100, 0xe01ef},  // variation selectors supplement
};

bool shows(utf8proc_int32_t c) {
    switch (utf8proc_category(c)) {
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:  // zero-width, and what directs text
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return false;
        default:
            return std::ranges::none_of(
                blank, [c](const Range& range) { return range.first <= c && c <= range.last; });
    }
}

}  // namespace

std::optional<std::string> normalize(std::string_view text, int options) {
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const auto size = static_cast<utf8proc_ssize_t>(text.size());
    const auto option = static_cast<utf8proc_option_t>(options);
    // Not by utf8proc_map(), whose own memory would keep the code points of a password.
    const auto count = utf8proc_decompose(bytes, size, nullptr, 0, option);
    if (count < 0) return std::nullopt;
    // One more, for the zero that utf8proc_reencode() writes.
    std::vector<utf8proc_int32_t> points(static_cast<std::size_t>(count) + 1);
    utf8proc_decompose(bytes, size, points.data(), count, option);
    const auto made = utf8proc_reencode(points.data(), count, option);
    std::optional<std::string> normal;
    if (made >= 0) {
        normal.emplace(reinterpret_cast<const char*>(points.data()),
                       static_cast<std::size_t>(made));
    }
    wipe(std::as_writable_bytes(std::span(points)));
    return normal;
}

std::optional<std::string> to_nfc(std::string_view text) {
    return normalize(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::string fold_case(std::string_view text) {
    return normalize(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD)
        .value_or(std::string(text));
}

Secret to_nfc(const Secret& text) {
    std::optional<std::string> normal = to_nfc(text.reveal());
    if (!normal) return text.duplicate();
    Secret made(*normal);
    wipe(*normal);
    return made;
}

bool shows_something(std::string_view text) {
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    auto left = static_cast<utf8proc_ssize_t>(text.size());
    while (left > 0) {
        utf8proc_int32_t c = 0;
        const auto bytes = utf8proc_iterate(at, left, &c);
        if (bytes <= 0) return false;
        if (shows(c)) return true;
        at += bytes;
        left -= bytes;
    }
    return false;
}

}  // namespace merlon::wire
