// How much this machine lets us do at once.
#pragma once

#include <cstddef>

#include "http/settings.h"

namespace merlon::server {

// Connections of one worker: what the open files allow, with room for as many to upstreams as the
// pools may hold and for the program's own.
std::size_t connections_max(const http::ServerSettings& settings, unsigned workers);

// Workers: as many as were asked for, else one a core.
unsigned worker_count(const http::ServerSettings& settings);

}  // namespace merlon::server
