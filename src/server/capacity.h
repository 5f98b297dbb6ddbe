// Computes the numbers of connections and workers from the settings and the machine's limits.
#pragma once

#include <cstddef>

#include "http/settings.h"

namespace merlon::server {

// Connections of one worker: as many as open files allow, less those for the upstreams' connection
// pools and for the program itself.
std::size_t connections_max(const http::ServerSettings& settings, unsigned workers);

// The configured number of workers, else one a core.
unsigned worker_count(const http::ServerSettings& settings);

}  // namespace merlon::server
