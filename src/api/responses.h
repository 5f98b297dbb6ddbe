// Makes responses of the built-in roles, in the contract's envelope.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "http/response.h"

namespace merlon::api {

// {"success":true,"data":…}, never cached: tokens and personal data are in it. `data` is JSON.
http::Response data_response(int status, std::string data);
// 204.
http::Response empty_response();

// The `meta` member of a list's envelope.
struct PageMeta {
    std::uint64_t total;  // on all pages
    std::uint64_t limit;  // of one page
    std::string next;     // cursor of the page after this one; empty: it is the last
};
// One page of a list. `data` is a JSON array.
http::Response list_response(std::string data, const PageMeta& page);

// RFC 3339 in UTC with milliseconds, quoted.
std::string json_time(WallTime time);

}  // namespace merlon::api
