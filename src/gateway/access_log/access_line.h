// Renders one finished request as a line of the access log.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "wire/head.h"

namespace merlon::gateway {

// Ids, numbers, names of the configuration and the client's address; never what only the client
// chose (path, query, fields), which may hold tokens and personal data.
// Borrows its texts. An empty text is left out of the line.
struct AccessLine {
    WallTime received_at;  // when its head was complete
    std::string_view request_id;
    std::string_view trace_id = {};
    std::optional<wire::Method> method = {};  // none: its head broke a rule
    std::string_view route;                   // the pattern
    int status;
    std::optional<std::chrono::nanoseconds> duration = {};  // none: no handler began
    std::uint64_t bytes_in = 0;                             // of the bodies
    std::uint64_t bytes_out = 0;
    std::string_view ip;
    std::string_view user_id = {};
    std::string_view upstream = {};  // the service it was forwarded to
};

// Of a user id that another issuer chose, which may have any length, the line has this much.
inline constexpr std::size_t logged_user_id_bytes_max = 128;

// Appends the line with its line feed; whatever the texts hold, it is one line and one valid object
// (wire/json_text.h). `"log":"access"` tells it from a security event, which has a severity.
void append_access_line(std::string& out, const AccessLine& line);

}  // namespace merlon::gateway
