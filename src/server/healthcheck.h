// The client of `merlon healthcheck`, for containers.
#pragma once

#include "base/result.h"
#include "http/settings.h"

namespace merlon::server {

// Gets /readyz from the admin listener, in three seconds at most. Error: "health.not_ready".
Result<> check_readiness(const net::ListenAddress& admin);

}  // namespace merlon::server
