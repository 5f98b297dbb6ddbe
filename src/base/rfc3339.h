// Points in time as text for programs: RFC 3339 in UTC with milliseconds.
#pragma once

#include <string>

#include "base/clock.h"

namespace merlon {

// Appends 2026-01-01T00:00:00.000Z: always 24 bytes, for the years 0 to 9999. A few divisions and
// no allocation of its own, because a log line of every request may ask for it.
void append_rfc3339(std::string& out, WallTime time);

inline std::string rfc3339(WallTime time) {
    std::string text;
    append_rfc3339(text, time);
    return text;
}

}  // namespace merlon
