// The settings of an upstream: its addresses, its health checks, what it may have open. Filled by
// config/.
#pragma once

#include <chrono>
#include <cstddef>
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

// What one worker has open towards a service.
struct PoolSettings {
    // Connections kept per target. More would outlive the burst that made them.
    std::size_t kept = 64;
    // A kept connection gets no request when it is older: a balancer behind one address can move
    // it.
    std::chrono::milliseconds age{300'000};
    std::size_t requests = 1'024;
    std::size_t streams = 8'192;      // event streams and tunnels
    std::size_t client_requests = 0;  // of one client; 0: half
    std::size_t client_streams = 0;

    bool operator==(const PoolSettings&) const = default;
};

}  // namespace merlon::upstream
