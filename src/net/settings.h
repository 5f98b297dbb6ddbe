// The settings of a listener: its address, its certificate. Filled by config/.
#pragma once

#include <cstdint>
#include <string>

namespace merlon::net {

// Where to listen: an address and port, or a Unix socket's path.
struct Endpoint {
    std::string host;        // textual IP address; empty for a Unix socket
    std::uint16_t port = 0;  // 0: any free one
    std::string unix_path;   // empty for TCP

    bool operator==(const Endpoint&) const = default;
};

struct TlsSettings {
    std::string certificate_path;  // PEM chain, leaf first
    std::string key_path;          // PEM
};

}  // namespace merlon::net
