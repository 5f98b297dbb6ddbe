// The settings of an upstream: its addresses and their active health checks. Filled by config/.
#pragma once

#include <chrono>
#include <string>

namespace merlon::upstream {

// One upstream address. https:// may carry a CA and a client certificate.
struct TargetSettings {
    std::string url;  // http://host:port, https://host:port, unix:/path
};

// Active checks of a service's targets.
struct HealthSettings {
    std::string path;  // empty: passive checks only
    std::chrono::milliseconds interval{5'000};
    std::chrono::milliseconds timeout{2'000};
};

}  // namespace merlon::upstream
