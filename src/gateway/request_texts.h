// The longer texts of a request. Their memory serves one request after the other.
#pragma once

#include <string>

#include "gateway/proxy/proxy.h"

namespace merlon::gateway {

struct RequestTexts {
    std::string request_id;
    std::string traceparent;
    std::string path;
    http::FieldLines fields;  // of the answer, whatever it will be
    ForwardingTexts forwarding;
};

}  // namespace merlon::gateway
