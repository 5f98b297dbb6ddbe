// The settings of the HTTP server: listeners, limits, timeouts, TLS. Filled by config/.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "net/settings.h"

namespace merlon::http {

struct Timeouts {
    std::chrono::milliseconds header{10'000};  // first byte of a request to the end of its head
    std::chrono::milliseconds body{30'000};    // between two reads of a body, or two writes of one
    std::chrono::milliseconds upload{3'600'000};  // a whole body, where the route has no more
    // Event streams and tunnels in which nothing passes, where the route says nothing.
    std::chrono::milliseconds stream{3'600'000};
    std::chrono::milliseconds idle{75'000};      // a kept-alive connection without a request
    std::chrono::milliseconds upstream{30'000};  // request sent to the first byte of the response
    std::chrono::milliseconds drain{20'000};     // SIGTERM to the end of the last request
    // Of the admin listener and the operator's socket: for a head, a body, the next request.
    std::chrono::milliseconds admin{5'000};
    // While draining, a connection that has been without a request for so long is closed.
    std::chrono::milliseconds drain_quiet{1'000};
};

struct Limits {
    std::size_t body_bytes = 1 << 20;
    std::size_t target_bytes = 8 << 10;
    std::size_t header_bytes = 32 << 10;
    std::size_t fields = 100;
    std::size_t upload_rate = 1 << 10;       // bytes a second, the least; 0: none
    std::size_t connections = 0;             // 0: from RLIMIT_NOFILE, with room for upstreams
    std::size_t connections_per_client = 0;  // 0: half of all
    std::size_t admin_connections = 64;

    bool operator==(const Limits&) const = default;
};

struct ServerSettings {
    std::vector<net::ListenAddress> listen{{"127.0.0.1", 3000, {}}};
    std::vector<net::ListenAddress> redirect;  // that send everybody to https; in the clear
    net::ListenAddress admin{"127.0.0.1", 9090, {}};
    unsigned workers = 0;               // 0: one per core
    std::vector<net::TlsSettings> tls;  // several: chosen by SNI, the first is the default
    bool behind_tls_proxy = false;
    std::vector<std::string> trusted_proxies;  // CIDRs, and unix_peer
    std::vector<std::string> dns_servers;      // address or address:port; none: the system's
    Timeouts timeouts;
    Limits limits;
};

}  // namespace merlon::http
