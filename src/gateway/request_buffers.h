// The buffers of a request's longer texts, reused by one request after the other.
#pragma once

#include <string>

#include "gateway/proxy/proxy.h"

namespace merlon::gateway {

struct RequestBuffers {
    std::string request_id;
    std::string traceparent;
    std::string path;
    std::string host;  // normalized, where routes name hosts
    std::string destination_path;
    http::FieldLines response_fields;  // of every response, whatever its status
    ForwardingBuffers forwarding;
};

}  // namespace merlon::gateway
