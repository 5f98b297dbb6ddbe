// Identifiers that follow a request through services: our request id and W3C Trace Context.
#pragma once

#include <string>
#include <string_view>

#include "base/entropy.h"

namespace merlon::wire {

// [A-Za-z0-9._-]{1,128}: safe in headers, logs and file names.
bool is_request_id(std::string_view text);

// Makes `out` a traceparent (Trace Context level 1, section 3.2.2) for the next hop: the caller's
// trace with a new parent id, or a new, unsampled trace when `received` is not a valid version 00
// header.
void next_traceparent(std::string_view received, Entropy& entropy, std::string& out);

// The 32 hexadecimal digits of a traceparent that next_traceparent() made.
inline std::string_view trace_id_of(std::string_view traceparent) {
    return traceparent.substr(3, 32);
}

}  // namespace merlon::wire
