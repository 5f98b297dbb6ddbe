// Renders the JSON members of an access line.
#include "gateway/access_log/access_line.h"

#include "base/rfc3339.h"
#include "base/text.h"
#include "wire/json_text.h"

namespace merlon::gateway {
namespace {

// `head` is ,"name": as it goes into the line.
void append_text(std::string& out, std::string_view head, std::string_view value) {
    if (value.empty()) return;
    out += head;
    wire::append_json_string(out, value);
}

void append_number(std::string& out, std::string_view head, std::uint64_t value) {
    out += head;
    text::append_number(out, value);
}

// 12.345: microseconds are as fine as a log needs.
void append_milliseconds(std::string& out, std::chrono::nanoseconds duration) {
    const auto microseconds = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::floor<std::chrono::microseconds>(duration).count()));
    text::append_number(out, microseconds / 1'000);
    const auto fraction = static_cast<unsigned>(microseconds % 1'000);
    out += '.';
    out += static_cast<char>('0' + fraction / 100);
    out += static_cast<char>('0' + fraction / 10 % 10);
    out += static_cast<char>('0' + fraction % 10);
}

}  // namespace

void append_access_line(std::string& out, const AccessLine& line) {
    out += R"({"log":"access","timestamp":")";
    append_rfc3339(out, line.received_at);
    out += '"';
    append_text(out, R"(,"requestId":)", line.request_id);
    append_text(out, R"(,"traceId":)", line.trace_id);
    if (line.method) append_text(out, R"(,"method":)", wire::name(*line.method));
    append_text(out, R"(,"route":)", line.route);
    append_number(out, R"(,"status":)", static_cast<std::uint64_t>(line.status));
    if (line.duration) {
        out += R"(,"durationMs":)";
        append_milliseconds(out, *line.duration);
    }
    append_number(out, R"(,"bytesIn":)", line.bytes_in);
    append_number(out, R"(,"bytesOut":)", line.bytes_out);
    append_text(out, R"(,"ip":)", line.ip);
    append_text(out, R"(,"userId":)", line.user_id.substr(0, logged_user_id_bytes_max));
    append_text(out, R"(,"upstream":)", line.upstream);
    out += "}\n";
}

}  // namespace merlon::gateway
