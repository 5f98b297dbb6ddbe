// Documents of other parties, such as an identity provider's key set: few, small, off the event
// loops.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace merlon::fetch {

inline constexpr std::size_t document_bytes_max = 1 << 20;
// From the look-up of the name to the last byte.
inline constexpr std::chrono::seconds time_max{5};

// Where a document may live. What a name resolves to decides, not how it is spelled.
enum class Network : std::uint8_t {
    Public,   // never loopback, link-local or private addresses: nobody is to reach our own
              // services through us
    Private,  // those too, and there http: as well as https:
};

struct Request {
    std::string url;
    Network network = Network::Public;
    std::string ca_path;  // PEM; empty: the system's
    friend bool operator==(const Request&, const Request&) = default;
};

class Fetcher {
public:
    virtual ~Fetcher() = default;

    // The body of a 200 answer. No redirect is followed. Blocks for time_max at most, and for a
    // second once `stop` is requested. Errors: "fetch.url" (Invalid), "fetch.address" (Denied: the
    // name resolves to where it may not), "fetch.status", "fetch.too_large", "fetch.unreachable"
    // (Unavailable).
    virtual Result<std::string> get(const Request& request, std::stop_token stop) = 0;
};

}  // namespace merlon::fetch
