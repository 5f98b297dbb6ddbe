// Reads the limit of open files and the number of cores.
#include "server/capacity.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace merlon::server {
namespace {

constexpr std::size_t connections_min = 16;  // of a worker

// Raises the soft limit of open files to the hard limit, and gives it.
std::size_t raise_open_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace

http::ConnectionTable::Limits connections_max(const http::ServerSettings& settings,
                                              unsigned workers) {
    const std::size_t files = raise_open_files();
    const std::size_t wanted = settings.limits.connections;
    const std::size_t spare = std::min<std::size_t>(files / 4, 2'048);
    const std::size_t all = wanted > 0 ? wanted : files - spare;
    const std::size_t of_worker = std::max<std::size_t>(connections_min, all / workers);
    const std::size_t per_client = settings.limits.connections_per_client;
    return {of_worker, per_client > 0 ? std::max<std::size_t>(1, per_client / workers)
                                      : std::max(connections_min / 2, of_worker / 2)};
}

http::ConnectionTable::Limits admin_connections_max(const http::ServerSettings& settings) {
    return {settings.limits.admin_connections, settings.limits.admin_connections / 2};
}

unsigned worker_count(const http::ServerSettings& settings) {
    return settings.workers > 0 ? settings.workers
                                : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace merlon::server
