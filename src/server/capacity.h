// Computes the numbers of connections and workers from the settings and the machine's limits.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "http/connection_table.h"
#include "http/settings.h"

namespace merlon::server {

// Raises the limit of open files as far as the process may, and gives it. Error (Unavailable):
// "limits.files", the detail for the operator: too few for the stores, the workers' loops, the
// listeners and a client of each worker.
Result<std::size_t> take_open_files(unsigned workers);

// What to say when the configuration asks for more connections than `files` allow; empty: nothing.
std::string connections_warning(const http::ServerSettings& settings, unsigned workers,
                                std::size_t files);

// Connections of one worker: as many as open files allow, when each has a request at a service, and
// less those of the program itself and of its admin listener. The kernel spreads a client's
// connections over the workers, so its share is so many of each.
http::ConnectionTable::Limits connections_max(const http::ServerSettings& settings,
                                              unsigned workers, std::size_t files);
// Those of the admin listener, where a client's share is half, too.
http::ConnectionTable::Limits admin_connections_max(const http::ServerSettings& settings);

// The configured number of workers, else one a core.
unsigned worker_count(const http::ServerSettings& settings);

}  // namespace merlon::server
