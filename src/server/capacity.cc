// Reads the limit of open files and the number of cores.
#include "server/capacity.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace merlon::server {
namespace {

// Raises the soft limit of open files to the hard limit, and gives it.
std::size_t raise_open_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace

std::size_t connections_max(const http::ServerSettings& settings, unsigned workers) {
    const std::size_t files = raise_open_files();
    const std::size_t wanted = settings.limits.connections;
    const std::size_t spare = std::min<std::size_t>(files / 4, 2'048);
    const std::size_t all = wanted > 0 ? wanted : files - spare;
    return std::max<std::size_t>(16, all / workers);
}

unsigned worker_count(const http::ServerSettings& settings) {
    return settings.workers > 0 ? settings.workers
                                : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace merlon::server
