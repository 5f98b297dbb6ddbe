// Reads hosts, URLs and prefixes.
#include "config/service_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/host_routes.h"
#include "gateway/snapshot/relay_rules.h"
#include "upstream/upstream.h"

namespace merlon::config {

void read_hosts(Reader& reader, std::vector<std::string>& out) {
    reader.texts("host", out,
                 "shop.example.com, or *.example.com: a list or one; default: every host");
    for (std::string& host : out) {
        if (auto parsed = api::parse_host(host)) {
            host = *std::move(parsed);
        } else {
            reader.problem("host", parsed.error().detail);
        }
    }
    std::ranges::sort(out);
    const auto [first, last] = std::ranges::unique(out);
    out.erase(first, last);
}

void check_urls(Reader& reader, const std::vector<std::string>& urls, const std::string& identity,
                const net::TlsClientSettings& tls) {
    std::optional<std::string> base;
    for (const std::string& url : urls) {
        if (!identity.empty() && !url.starts_with("https://")) {
            reader.problem("identity", "is proved by TLS: " + url + " is not https://");
        }
        const auto parts = gateway::split_service_url(url);
        if (!parts) {
            reader.problem("url", parts.error().detail);
            continue;
        }
        const auto parsed = upstream::parse_upstream(parts->server, tls);
        if (!parsed) reader.problem("url", parsed.error().detail);
        if (base && *base != parts->base) {
            reader.problem("url", "all must have the same path: " + url + " has another");
        }
        base = parts->base;
    }
}

void read_place(Reader& reader, gateway::ServiceSettings& out) {
    read_hosts(reader, out.hosts);
    reader.text("strip_prefix", out.strip_prefix,
                "/shop: what its routes' paths begin with, and the paths that it gets do not");
    if (!out.strip_prefix.empty() && !gateway::is_path_prefix(out.strip_prefix)) {
        reader.problem("strip_prefix", "\"" + out.strip_prefix +
                                           "\" is no path such as /shop, without a slash at its "
                                           "end");
    }
    reader.boolean("preserve_host", out.preserves_host,
                   "true: it gets the Host that the client named instead of its url's");
    if (out.preserves_host && out.hosts.empty()) {
        reader.warning("preserve_host",
                       "clients may name any host, and the service believes it: say which ones in "
                       "host");
    }
}

void check_prefix(Reader& reader, const gateway::ServiceSettings& service) {
    if (service.strip_prefix.empty()) return;
    for (const gateway::RouteSettings& route : service.routes) {
        if (gateway::is_below(route.path, service.strip_prefix)) continue;
        reader.problem("strip_prefix", fmt::format("{}: {} is not below {}", route.source,
                                                   route.path, service.strip_prefix));
    }
}

}  // namespace merlon::config
