// Answers of the auth role.
#pragma once

#include <string>

#include "base/clock.h"
#include "http/response.h"

namespace merlon::identity {

// {"success":true,"data":…}, never cached: tokens and personal data are in it.
inline http::Response data_answer(int status, std::string data) {
    http::Response response{status, {}, R"({"success":true,"data":)" + std::move(data) + "}"};
    response.fields.add("Content-Type", "application/json; charset=utf-8");
    response.fields.add("Cache-Control", "no-store");
    return response;
}

inline http::Response empty_answer() {
    http::Response response{204, {}, {}};
    response.fields.add("Cache-Control", "no-store");
    return response;
}

// RFC 3339 in UTC with milliseconds, quoted.
std::string json_time(WallTime time);

}  // namespace merlon::identity
