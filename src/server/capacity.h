// Computes the numbers of connections and workers from the settings and the machine's limits.
#pragma once

#include <cstddef>

#include "http/connection_table.h"
#include "http/settings.h"

namespace merlon::server {

// Connections of one worker: as many as open files allow, less those for the upstreams' connection
// pools and for the program itself. The kernel spreads a client's connections over the workers, so
// its share is so many of each.
http::ConnectionTable::Limits connections_max(const http::ServerSettings& settings,
                                              unsigned workers);
// Those of the admin listener, where a client's share is half, too.
http::ConnectionTable::Limits admin_connections_max(const http::ServerSettings& settings);

// The configured number of workers, else one a core.
unsigned worker_count(const http::ServerSettings& settings);

}  // namespace merlon::server
