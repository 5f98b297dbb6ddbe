// The reason phrase of a status, for the status line.
#pragma once

#include <string_view>

namespace merlon::http {

// Of a registered status: "Not Found". Of any other the phrase is "Status": clients read none.
std::string_view reason_phrase(int status);

}  // namespace merlon::http
