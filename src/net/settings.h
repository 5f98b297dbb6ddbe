// The settings of a listener: its address, its certificate. Filled by config/.
#pragma once

#include <cstdint>
#include <string>

namespace merlon::net {

// An IP address and port, or the path of a Unix socket.
struct ListenAddress {
    std::string host;        // textual IP address; empty for a Unix socket
    std::uint16_t port = 0;  // 0: any free one
    std::string unix_path;   // empty for TCP

    bool operator==(const ListenAddress&) const = default;
};

struct TlsSettings {
    std::string certificate_path;  // PEM chain, leaf first
    std::string key_path;          // PEM
};

}  // namespace merlon::net
