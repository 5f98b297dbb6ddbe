// The text formats that a schema can ask for beside e-mail addresses.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace merlon::wire {

// Code points of valid UTF-8: what lengths count.
std::size_t code_points(std::string_view text);

// RFC 9562 section 4: 8-4-4-4-12 hexadecimal digits, either case, any version.
bool is_uuid_text(std::string_view text);

// RFC 3339 section 5.6 date-time: a real date, a time with seconds, and Z or an offset. A leap
// second is one only at the end of a day of UTC; it is accepted as second 60 of any minute, and is
// the second after it. What is finer than a millisecond is cut.
std::optional<WallTime> parse_date_time(std::string_view text);
bool is_date_time(std::string_view text);

// The seed's password rule to the letter: a lower-case letter, an upper-case one, a digit and one
// of @$!%*?&, the first character of these four classes. The rest is anything but CR and LF, which
// the seed's `.` does not match, and NUL, at which crypt_r would stop reading.
bool is_strong_password(std::string_view text);

}  // namespace merlon::wire
