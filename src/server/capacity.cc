// Reads the limit of open files and the number of cores.
#include "server/capacity.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace merlon::server {
namespace {

constexpr std::size_t connections_min = 16;  // of a worker

// What the program opens before its first client: databases with their readers and journals,
// sockets, logs; and for each worker its loop, its listeners and its shares of the pools.
constexpr std::size_t files_of_program = 64;
constexpr std::size_t files_of_worker = 16;

// Open at the start, before the first client.
std::size_t files_at_start(unsigned workers) {
    return files_of_program + files_of_worker * workers;
}

// Clients' connections that so many files allow. Each may have a request at a service, which is a
// second file. Those who look after the server have theirs apart: they come when all are taken.
std::size_t connections_of(const http::ServerSettings& settings, unsigned workers,
                           std::size_t files) {
    const std::size_t of_admin = std::min(settings.limits.admin_connections, files / 8);
    return (files - std::min(files, files_at_start(workers) + of_admin)) / 2;
}

}  // namespace

Result<std::size_t> take_open_files(unsigned workers) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t needed = files_at_start(workers);
    if (limit.rlim_max >= needed) return limit.rlim_max;
    return fail(Kind::Unavailable, "limits.files",
                fmt::format("needs at least {} open files with {} workers, and may open {}: raise "
                            "the limit (ulimit -Hn, LimitNOFILE= of systemd)",
                            needed, workers, limit.rlim_max));
}

std::string connections_warning(const http::ServerSettings& settings, unsigned workers,
                                std::size_t files) {
    const std::size_t possible = connections_of(settings, workers, files);
    if (settings.limits.connections <= possible) return {};
    return fmt::format(
        "server.limits.connections is {}, but {} open files allow {}, each with a request at a "
        "service",
        settings.limits.connections, files, possible);
}

http::ConnectionTable::Limits connections_max(const http::ServerSettings& settings,
                                              unsigned workers, std::size_t files) {
    const std::size_t wanted = settings.limits.connections;
    const std::size_t all = wanted > 0 ? wanted : connections_of(settings, workers, files);
    const std::size_t of_worker = std::max<std::size_t>(connections_min, all / workers);
    const std::size_t per_client = settings.limits.connections_per_client;
    // Not less: the kernel may give a worker more of a client's few connections than others.
    return {of_worker,
            std::max(connections_min / 2, per_client > 0 ? per_client / workers : of_worker / 2)};
}

http::ConnectionTable::Limits admin_connections_max(const http::ServerSettings& settings) {
    return {settings.limits.admin_connections, settings.limits.admin_connections / 2};
}

unsigned worker_count(const http::ServerSettings& settings) {
    return settings.workers > 0 ? settings.workers
                                : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace merlon::server
