// Checks UUIDs and dates, character by character.
#include "wire/text_format.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "base/text.h"

namespace merlon::wire {
namespace {

// Takes text off the front, step by step; the first step that does not fit fails all.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    bool takes(std::string_view one_of) {
        if (rest_.empty() || !one_of.contains(rest_.front())) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::optional<unsigned> number(std::size_t digits, unsigned least, unsigned most) {
        const auto value = text::parse_number<unsigned>(rest_.substr(0, digits));
        if (rest_.size() < digits || !value || *value < least || *value > most) return std::nullopt;
        rest_.remove_prefix(digits);
        return value;
    }
    // Behind a point: thousandths, of any number of digits.
    std::optional<unsigned> thousandths() {
        const auto end = std::ranges::find_if_not(rest_, text::is_digit);
        const auto count = static_cast<std::size_t>(end - rest_.begin());
        if (count == 0) return std::nullopt;
        std::string digits(rest_.substr(0, std::min<std::size_t>(count, 3)));
        digits.resize(3, '0');
        rest_.remove_prefix(count);
        return text::parse_number<unsigned>(digits);
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

std::optional<std::chrono::sys_days> parse_date(Cursor& cursor) {
    const auto year = cursor.number(4, 0, 9'999);
    if (!year || !cursor.takes("-")) return std::nullopt;
    const auto month = cursor.number(2, 1, 12);
    if (!month || !cursor.takes("-")) return std::nullopt;
    const auto day = cursor.number(2, 1, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

// How far ahead of UTC.
std::optional<std::chrono::minutes> parse_offset(Cursor& cursor) {
    if (cursor.takes("Zz")) return std::chrono::minutes{0};
    const int sign = cursor.takes("+") ? 1 : -1;
    if (sign < 0 && !cursor.takes("-")) return std::nullopt;
    const auto hours = cursor.number(2, 0, 23);
    if (!hours || !cursor.takes(":")) return std::nullopt;
    const auto minutes = cursor.number(2, 0, 59);
    if (!minutes) return std::nullopt;
    return sign * (std::chrono::hours{*hours} + std::chrono::minutes{*minutes});
}

bool is_hex(char c) {
    return text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'f');
}

}  // namespace

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

bool is_uuid_text(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !is_hex(text[i])) return false;
    }
    return true;
}

bool is_date_time(std::string_view text) { return parse_date_time(text).has_value(); }

std::optional<WallTime> parse_date_time(std::string_view text) {
    Cursor cursor(text);
    const auto date = parse_date(cursor);
    if (!date || !cursor.takes("Tt")) return std::nullopt;
    const auto hour = cursor.number(2, 0, 23);
    if (!hour || !cursor.takes(":")) return std::nullopt;
    const auto minute = cursor.number(2, 0, 59);
    if (!minute || !cursor.takes(":")) return std::nullopt;
    const auto second = cursor.number(2, 0, 60);
    if (!second) return std::nullopt;
    std::optional<unsigned> milliseconds = 0;
    if (cursor.takes(".")) milliseconds = cursor.thousandths();
    if (!milliseconds) return std::nullopt;
    const auto offset = parse_offset(cursor);
    if (!offset || !cursor.at_end()) return std::nullopt;
    return WallTime{*date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{*second} + std::chrono::milliseconds{*milliseconds} - *offset;
}

bool is_strong_password(std::string_view text) {
    constexpr std::string_view special = "@$!%*?&";
    constexpr std::string_view forbidden("\0\r\n", 3);
    bool lower = false;
    bool upper = false;
    bool digit = false;
    bool symbol = false;
    for (const char c : text) {
        lower |= c >= 'a' && c <= 'z';
        upper |= c >= 'A' && c <= 'Z';
        digit |= text::is_digit(c);
        symbol |= special.contains(c);
    }
    if (!lower || !upper || !digit || !symbol) return false;
    const char first = text.front();
    return (text::is_alpha(first) || text::is_digit(first) || special.contains(first)) &&
           text.find_first_of(forbidden) == std::string_view::npos;
}

}  // namespace merlon::wire
