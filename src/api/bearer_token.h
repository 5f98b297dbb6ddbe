// Finds the bearer token in the head of a request.
#pragma once

#include <string_view>

#include "wire/head.h"

namespace merlon::api {

// The token in Authorization (RFC 6750 section 2.1); empty, with a null data(): there is none.
std::string_view bearer_token(const wire::RequestHead& head);

}  // namespace merlon::api
