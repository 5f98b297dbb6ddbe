// Folds the patterns of all services, and asks the exact table for other spellings.
#include "gateway/snapshot/route_spellings.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "api/host_routes.h"
#include "gateway/snapshot/relay_rules.h"
#include "wire/path.h"

namespace merlon::gateway {
namespace {

// A route with its service.
struct Declared {
    const ServiceSettings* service;
    const RouteSettings* route;
};
using Table = api::HostRoutes<Declared>;

// Calls `visit` for each route and each of its methods that there is.
template <class Visit>
void for_each_route(std::span<const ServiceSettings> services, Visit visit) {
    for (const ServiceSettings& service : services) {
        for (const RouteSettings& route : service.routes) {
            for (const std::string& name : route.methods) {
                if (const auto method = wire::find_method(name))
                    visit(Declared{&service, &route}, *method);
            }
        }
    }
}

// A host of each that the route is for, as a request names it: below a wildcard one that no route
// names, and none where it is for all.
std::vector<std::string> request_hosts(const Declared& one) {
    const auto& hosts = one.service->hosts_of(*one.route);
    if (hosts.empty()) return {""};
    std::vector<std::string> names;
    for (const std::string& host : hosts) {
        names.push_back(host.starts_with('*') ? "~" + host.substr(1) : host);
    }
    return names;
}

bool asks_for_the_same(const RouteSettings& a, const RouteSettings& b) {
    return a.allow == b.allow && a.permissions == b.permissions && a.schema == b.schema &&
           a.body_bytes == b.body_bytes && a.limited == b.limited && a.when_stale == b.when_stale &&
           a.websocket == b.websocket;
}

// Whether somebody may pass `a` who may not pass `b`.
bool is_weaker(const RouteSettings& a, const RouteSettings& b) {
    if (a.allow != b.allow) return a.allow < b.allow;
    return std::ranges::any_of(b.permissions, [&](const std::string& permission) {
        return std::ranges::find(a.permissions, permission) == a.permissions.end();
    });
}
static_assert(Allow::Public < Allow::Authenticated && Allow::Authenticated < Allow::Permissions);

// The pattern without the names of its parameters: what it matches.
std::string shape_of(std::string_view pattern) {
    std::string shape;
    bool is_name = false;
    for (const char c : pattern) {
        if (c == '}') is_name = false;
        if (!is_name) shape += c;
        if (c == '{') is_name = true;
    }
    return shape;
}

std::string folded_shape(std::string_view pattern) {
    return wire::fold(shape_of(pattern), wire::Folding::Both);
}

// A path that the pattern matches, and no literal of a configuration.
std::string path_of(std::string_view pattern) {
    std::string path;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '{') {
            path += "~";
            i = pattern.find('}', i);
        } else if (pattern.substr(i) != "/**") {
            path += pattern[i];
        } else {
            break;
        }
    }
    return path.empty() ? "/" : path;
}

// With the letters from `begin` on, but those of escapes, as capitals.
std::string in_capitals(std::string path, std::size_t begin) {
    for (std::size_t i = begin; i < path.size(); ++i) {
        if (path[i] == '%') {
            i += 2;
        } else if (path[i] >= 'a' && path[i] <= 'z') {
            path[i] = static_cast<char>(path[i] - 'a' + 'A');
        }
    }
    return path;
}

// Each segment is the first one in capitals once, since a wider route names those before it.
std::vector<std::string> other_spellings(const std::string& path) {
    std::vector<std::string> spellings;
    for (std::size_t begin = path.find('/'); begin != std::string::npos;
         begin = path.find('/', begin + 1)) {
        spellings.push_back(in_capitals(path, begin));
    }
    if (path.ends_with('/')) return spellings;
    for (std::size_t i = spellings.size(); i-- > 0;) spellings.push_back(spellings[i] + '/');
    spellings.push_back(path + '/');
    return spellings;
}

void add_once(std::vector<ConfusableRoutes>& pairs, const Declared& one,
              const RouteSettings* other) {
    const bool is_known = std::ranges::any_of(pairs, [&](const ConfusableRoutes& pair) {
        return pair.route == one.route && pair.other == other;
    });
    if (!is_known) pairs.push_back({&one.service->name, one.route, other});
}

}  // namespace

std::vector<ConfusableRoutes> indistinct_routes(std::span<const ServiceSettings> services) {
    std::vector<ConfusableRoutes> pairs;
    std::map<std::tuple<std::string, wire::Method, std::string>, const RouteSettings*> first;
    for_each_route(services, [&](const Declared& one, wire::Method method) {
        if (one.service->paths == PathSpelling::Exact) return;
        for (const std::string& host : request_hosts(one)) {
            const auto [known, is_new] =
                first.try_emplace({host, method, folded_shape(one.route->path)}, one.route);
            const RouteSettings* other = known->second;
            // The same pattern twice is another mistake (api::duplicate_route_rule).
            if (is_new || shape_of(other->path) == shape_of(one.route->path)) continue;
            if (!asks_for_the_same(*other, *one.route)) add_once(pairs, one, other);
        }
    });
    return pairs;
}

std::vector<ConfusableRoutes> shadowed_routes(std::span<const ServiceSettings> services) {
    Table table;
    for_each_route(services, [&](const Declared& one, wire::Method method) {
        // Others report patterns that are wrong.
        std::ignore = table.add(one.service->hosts_of(*one.route), one.route->path, {method}, one);
    });
    std::vector<ConfusableRoutes> pairs;
    for_each_route(services, [&](const Declared& one, wire::Method method) {
        if (one.service->paths == PathSpelling::Exact) return;
        for (const std::string& spelling : other_spellings(path_of(one.route->path))) {
            for (const std::string& host : request_hosts(one)) {
                const auto match = table.find(host, method, spelling);
                if (match.route == nullptr || match.route->service->paths == PathSpelling::Exact) {
                    continue;
                }
                if (is_weaker(*match.route->route, *one.route)) {
                    add_once(pairs, one, match.route->route);
                }
            }
        }
    });
    return pairs;
}

std::vector<ConfusableRoutes> routes_of_the_bare_prefix(std::span<const ServiceSettings> services) {
    std::vector<ConfusableRoutes> pairs;
    for (const ServiceSettings& service : services) {
        const bool has_base =
            !service.targets.empty() &&
            !split_service_url(service.targets.front().url).value_or(ServiceUrl{}).base.empty();
        if (service.strip_prefix.empty() || has_base) continue;
        Table table;
        for_each_route({&service, 1}, [&](const Declared& one, wire::Method method) {
            std::ignore = table.add(service.hosts_of(*one.route), one.route->path, {method}, one);
        });
        for_each_route({&service, 1}, [&](const Declared& one, wire::Method method) {
            for (const std::string& host : request_hosts(one)) {
                const auto bare = table.find(host, method, service.strip_prefix);
                const auto slash = table.find(host, method, service.strip_prefix + "/");
                if (bare.route == nullptr || slash.route == nullptr) continue;
                if (!asks_for_the_same(*bare.route->route, *slash.route->route)) {
                    add_once(pairs, *bare.route, slash.route->route);
                }
            }
        });
    }
    return pairs;
}

}  // namespace merlon::gateway
