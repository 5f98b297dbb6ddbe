// The client of `merlon healthcheck`, for containers.
#pragma once

#include <chrono>

#include "base/result.h"
#include "http/settings.h"

namespace merlon::server {

// From the first packet to the last byte read, whatever the server does. The command has 2 s, of
// which it needs some to start and to read its configuration; Docker and Kubernetes wait as long.
inline constexpr std::chrono::milliseconds healthcheck_time_max{1'500};

// Gets /readyz from the admin listener. Error: "health.not_ready".
Result<> check_readiness(const net::ListenAddress& admin);

}  // namespace merlon::server
