// What a container's health check asks.
#pragma once

#include "base/result.h"
#include "http/settings.h"

namespace merlon::server {

// Asks /readyz of the admin listener, for three seconds at most. Error: "health.not_ready".
Result<> ask_readiness(const net::Endpoint& admin);

}  // namespace merlon::server
