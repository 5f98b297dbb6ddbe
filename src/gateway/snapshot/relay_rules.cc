// Splits the URLs of services, and checks prefixes.
#include "gateway/snapshot/relay_rules.h"

#include "wire/path.h"

namespace merlon::gateway {

Result<ServiceUrl> split_service_url(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return ServiceUrl{std::string(url), {}};
    const std::size_t slash = url.find_first_of("/?#", scheme + 3);
    if (slash == std::string_view::npos) return ServiceUrl{std::string(url), {}};
    std::string_view base = url.substr(slash);
    if (base.ends_with('/')) base.remove_suffix(1);
    if (!base.empty() && !is_path_prefix(base)) {
        return fail(Kind::Invalid, "upstream.url",
                    std::string(url) + ": host, port and a path such as /v2 only");
    }
    return ServiceUrl{std::string(url.substr(0, slash)), std::string(base)};
}

bool is_path_prefix(std::string_view prefix) {
    if (prefix.size() < 2 || prefix.ends_with('/')) return false;
    std::string storage;
    const auto canonical = wire::canonicalize(prefix, storage);
    return canonical && canonical->path == prefix && !canonical->has_query &&
           prefix.find_first_of("{}*") == std::string_view::npos;
}

bool is_below(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    return path.size() == prefix.size() || path[prefix.size()] == '/';
}

RelayRules RelayRules::make(const ServiceSettings& service, std::string base) {
    RelayRules rules;
    rules.prefix = service.strip_prefix;
    rules.base = std::move(base);
    rules.keeps_host = service.preserves_host;
    rules.is_https = !service.targets.empty() && service.targets.front().url.starts_with("https:");
    rules.request = RequestRules::make(service.request_headers);
    // Which part of its public path a service does not see, as Traefik says it.
    if (!rules.prefix.empty()) {
        rules.request.dropped.add("X-Forwarded-Prefix");
        rules.request.fields.add("X-Forwarded-Prefix", rules.prefix);
    }
    return rules;
}

}  // namespace merlon::gateway
