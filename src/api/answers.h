// Answers of the built-in roles: the contract's envelope.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "http/response.h"

namespace merlon::api {

// {"success":true,"data":…}, never cached: tokens and personal data are in it. `data` is JSON.
http::Response data_answer(int status, std::string data);
// 204.
http::Response empty_answer();

// One page of a list. `data` is a JSON array.
struct Page {
    std::uint64_t total;  // on all pages
    std::uint64_t limit;  // of one page
    std::string next;     // cursor of the page after this one; empty: it is the last
};
http::Response list_answer(std::string data, const Page& page);

// RFC 3339 in UTC with milliseconds, quoted.
std::string json_time(WallTime time);

}  // namespace merlon::api
