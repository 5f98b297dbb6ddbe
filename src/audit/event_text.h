// A stored security event as a line for a terminal or for a program.
#pragma once

#include <string>
#include <string_view>

namespace merlon::audit {

// `stored` is the event's JSON as the store has it. The store is a file that somebody may have
// written to, so nothing of it is passed on as it stands: every text is escaped again, and what is
// no event becomes one line that says so.

// time severity type user name=value…; a user that nobody knows is "-".
std::string event_as_text(std::string_view stored);
// One JSON object.
std::string event_as_json(std::string_view stored);

}  // namespace merlon::audit
