// JSON strings of any bytes: a strict UTF-8 decoder in front of an escaper.
#include "wire/json_text.h"

#include <fmt/format.h>

#include <cstdint>

namespace merlon::wire {
namespace {

struct Scalar {
    char32_t value = U'\uFFFD';
    std::size_t bytes = 1;
    bool valid = false;
};

// One character at the start of `text`, which is not empty: the table of RFC 3629 section 4.
Scalar decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
    char32_t value = lead & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return {};
        value = value << 6 | (byte(i) & 0x3fU);
    }
    const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (overlong || surrogate || value > 0x10ffff) return {};
    return {value, bytes, true};
}

constexpr bool needs_escape(char32_t c) {
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
           c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// Whether all characters stand for themselves, which they nearly always do. Looks at all of them,
// so that the compiler can take many at a time.
bool is_plain(std::string_view text) {
    bool plain = true;
    for (const char c : text) plain &= c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    return plain;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    if (is_plain(text)) {
        out += text;
        text = {};
    }
    while (!text.empty()) {
        const Scalar next = decode(text);
        if (!next.valid) {
            out += "\xef\xbf\xbd";
        } else if (next.value == '"' || next.value == '\\') {
            out += '\\';
            out += static_cast<char>(next.value);
        } else if (needs_escape(next.value)) {
            out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(next.value));
        } else {
            out += text.substr(0, next.bytes);
        }
        text.remove_prefix(next.bytes);
    }
    out += '"';
}

}  // namespace merlon::wire
