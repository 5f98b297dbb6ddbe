// The gateway's settings: services, routes, limits, CORS, headers. Filled by config/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/name_settings.h"
#include "gateway/limits/limit.h"
#include "upstream/settings.h"

namespace merlon::gateway {

enum class Allow : std::uint8_t { Public, Authenticated, Permissions };
// Which finished requests the access log has. Errors: those with status 400 and above.
enum class LoggedRequests : std::uint8_t { None, Errors, All };
enum class WhenStale : std::uint8_t { Open, Closed };

// Changes of fields. A name is in one of the three.
struct HeaderSettings {
    std::vector<std::pair<std::string, std::string>> set;  // instead of whatever was there
    std::vector<std::string> remove;
    std::vector<std::string> keep;  // security headers of which the service's own stands

    bool empty() const { return set.empty() && remove.empty() && keep.empty(); }
};

struct RouteSettings {
    std::vector<std::string> hosts;    // instead of the service's; see api/host_routes.h
    std::string path;                  // /a/{id}/**, see api/route_table.h
    std::vector<std::string> methods;  // upper case
    Allow allow = Allow::Permissions;
    std::vector<std::string> permissions;
    std::string schema;                                // its text; empty: any body
    std::optional<std::size_t> body_bytes;             // instead of server.limits.body
    std::optional<std::chrono::milliseconds> timeout;  // instead of server.timeouts.upstream
    bool websocket = false;                            // upgrade: websocket
    bool limited = true;                               // limit: none → false
    std::optional<WhenStale> when_stale;
    HeaderSettings headers;  // of its responses, after the service's
    std::string source;      // "merlon.yaml:12", for messages
};

// What a browser may send and read beside what Fetch allows by itself. The contract's lists, to
// which an installation and a service add names.
struct CorsLists {
    std::vector<std::string> headers{"Content-Type",    "Authorization", "X-Request-ID",
                                     "Idempotency-Key", "If-Match",      "traceparent",
                                     "tracestate"};
    std::vector<std::string> exposed{"X-Total-Count",   "X-Page-Count",        "RateLimit-Policy",
                                     "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
                                     "Retry-After",     "X-Request-ID",        "ETag",
                                     "Location"};
};

// Guarded: a path that an upstream may read as another needs what the other one needs, too.
enum class PathSpelling : std::uint8_t { Guarded, Exact };

struct ServiceSettings {
    std::string name;
    std::vector<upstream::TargetSettings> targets;
    std::vector<std::string> hosts;  // that it answers on; empty: all
    std::string strip_prefix;        // of all of its routes' paths, which it does not see
    bool preserves_host = false;     // it gets the client's Host instead of its URL's
    HeaderSettings headers;          // of its responses, after the installation's
    HeaderSettings request_headers;  // of the requests that it gets; nothing is kept
    std::string ca_path;             // PEM; empty: the system's
    std::string certificate_path;    // client certificate for mTLS
    std::string key_path;
    std::string identity;  // SPIFFE ID that its certificate has; empty: its host's name
    upstream::HealthSettings health;
    upstream::PoolSettings pool;
    std::optional<std::chrono::milliseconds> timeout;  // of its routes, where they have none
    PathSpelling paths = PathSpelling::Guarded;
    // Fields of a proxy or a certificate that pass (wire::FieldId::ProxyClaim).
    std::vector<std::string> forward_fields;
    CorsLists cors;
    std::vector<RouteSettings> routes;

    const std::vector<std::string>& hosts_of(const RouteSettings& route) const {
        return route.hosts.empty() ? hosts : route.hosts;
    }
};

struct CorsSettings {
    std::vector<std::string> origins;  // exact, scheme://host[:port]
    bool credentials = true;
    std::vector<std::string> methods{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    CorsLists lists;
    std::chrono::seconds max_age{86'400};
};

struct RevocationSettings {
    std::chrono::seconds stale_after{10};
    WhenStale when_stale = WhenStale::Open;
};

// The built-in roles that an installation disables, or replaces by a service of its own.
struct BuiltInServices {
    std::set<std::string, std::less<>> left_out;

    bool has(std::string_view role) const { return !left_out.contains(role); }
    bool operator==(const BuiltInServices&) const = default;
};

struct GatewaySettings {
    std::string public_url;
    BuiltInServices built_in;
    std::vector<ServiceSettings> services;
    std::vector<LimitSettings> limits;  // default: the contract's api and auth
    int ipv6_prefix = 56;
    CorsSettings cors;
    HeaderSettings headers;  // of every response
    RevocationSettings revocation;
    LoggedRequests access_log = LoggedRequests::None;
    api::NameSettings names;
};

}  // namespace merlon::gateway
