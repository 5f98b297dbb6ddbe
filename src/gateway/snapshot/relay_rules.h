// How a service's paths and host differ from those that clients know: compiled once per snapshot.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/snapshot/header_rules.h"

namespace merlon::gateway {

// A URL of a service without its path, and the path: "/v2"; empty: none.
struct ServiceUrl {
    std::string server;  // http://host:port, or unix:/path
    std::string base;
};
// Error: "upstream.url": the path is not in canonical form, or there is a query.
Result<ServiceUrl> split_service_url(std::string_view url);

// Whether `prefix` is a path of literal segments without a slash at its end, such as "/catalog".
bool is_path_prefix(std::string_view prefix);
// Whether the path or pattern is the prefix, or below it: "/catalog/items" and not "/catalogs".
bool is_below(std::string_view path, std::string_view prefix);

// Of one service. The path of a client's request begins with `prefix`, which the service's does not
// have; the service's begins with `base`.
struct RelayRules {
    std::string prefix;  // "/catalog"; empty: none
    std::string base;    // "/v2"; empty: none
    bool keeps_host = false;
    bool is_https = false;  // the service's scheme
    RequestRules request;

    static RelayRules make(const ServiceSettings& service, std::string base);

    bool maps_paths() const { return !prefix.empty() || !base.empty(); }

    // The service's path for a client's canonical one, which is below the prefix. So the result is
    // canonical, too, and below the base.
    void append_path(std::string_view path, std::string& out) const {
        out.append(base).append(path.substr(prefix.size()));
        if (base.empty() && path.size() == prefix.size()) out += '/';
    }
};

}  // namespace merlon::gateway
