// Holds the registered statuses with their phrases.
#include "http/reason_phrase.h"

#include <array>
#include <cstddef>

namespace merlon::http {
namespace {

struct PhraseRow {
    int status;
    std::string_view phrase;
};

// IANA's "Hypertext Transfer Protocol (HTTP) Status Code Registry", in order; 306 and 418 are
// reserved without a phrase.
constexpr auto rows = std::to_array<PhraseRow>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {104, "Upload Resumption Supported"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
});

// Phrases by status, since every response has one.
constexpr int first_status = rows.front().status;
constexpr std::size_t status_count = rows.back().status - first_status + 1;
constexpr auto phrases = [] {
    std::array<std::string_view, status_count> made;
    made.fill("Status");
    for (const PhraseRow& row : rows) {
        made[static_cast<std::size_t>(row.status - first_status)] = row.phrase;
    }
    return made;
}();

}  // namespace

std::string_view reason_phrase(int status) {
    const auto index = static_cast<std::size_t>(status - first_status);
    return index < status_count ? phrases[index] : "Status";
}

}  // namespace merlon::http
