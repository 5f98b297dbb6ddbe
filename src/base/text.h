// Small pure functions on ASCII text that every module needs: case, trimming, hex, base64url,
// whole numbers. Strict: what is not exactly right is refused.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace merlon::text {

constexpr char lower(char c) { return (c >= 'A' && c <= 'Z') ? static_cast<char>(c | 0x20) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// ASCII only, whatever the locale.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::string to_lower(std::string_view text);

// Without spaces and tabs at either end (OWS of RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);

// The parts between separators, trimmed; empty parts are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// Decimal digits only: no sign, no space, no overflow.
template <class Integer = std::uint64_t>
std::optional<Integer> parse_number(std::string_view text) {
    Integer value{};
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Decimal, into text that is being built.
inline void append_number(std::string& out, std::uint64_t value) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_hex(std::string& out, std::string_view bytes);
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);

// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
// Refuses padding, '+', '/', white space, impossible lengths and non-zero trailing bits: a token
// must have one spelling only, or a revoked one comes back as another.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace merlon::text
