// Writing RFC 3339 section 5.6 timestamps.
#include "base/rfc3339.h"

namespace merlon {
namespace {

// `width` decimal digits of `value`, then `end`.
char* put(char* at, unsigned value, int width, char end) {
    for (int place = width - 1; place >= 0; --place) {
        at[place] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    at[width] = end;
    return at + width + 1;
}

}  // namespace

void append_rfc3339(std::string& out, WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const auto milliseconds = static_cast<unsigned>((time - day).count());
    const unsigned seconds = milliseconds / 1'000;
    char text[24];
    char* at = put(text, static_cast<unsigned>(static_cast<int>(date.year())), 4, '-');
    at = put(at, static_cast<unsigned>(date.month()), 2, '-');
    at = put(at, static_cast<unsigned>(date.day()), 2, 'T');
    at = put(at, seconds / 3'600, 2, ':');
    at = put(at, seconds / 60 % 60, 2, ':');
    at = put(at, seconds % 60, 2, '.');
    put(at, milliseconds % 1'000, 3, 'Z');
    out.append(text, sizeof text);
}

}  // namespace merlon
