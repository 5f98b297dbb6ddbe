// Looks at all routes at once.
#include "config/route_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/host_routes.h"
#include "gateway/snapshot/route_spellings.h"
#include "gateway/snapshot/snapshot.h"

namespace merlon::config {
namespace {

// Whose a route is: where it was declared, or the part of Merlon that has it, and how to get its
// path.
struct Owner {
    std::string text;
    std::string remedy;
};

using Owners = api::HostRoutes<Owner>;

void add_built_in(Owners& owners, roles::Definitions roles,
                  const gateway::BuiltInServices& built_in) {
    for (const std::string_view path : gateway::fixed_paths) {
        std::ignore = owners.add_everywhere(std::string(path), {wire::Method::Get},
                                            {"the gateway's own", ""});
    }
    for (const rpc::RoleDefinition& role : roles) {
        if (!built_in.has(role.name)) continue;
        const std::string remedy =
            role.is_optional()
                ? fmt::format("; name your service {}, or say {}: {{enabled: false}}", role.name,
                              role.name)
                : "; identity: {enabled: false} gives its paths to your services";
        for (const api::LocalRoute& route : role.table().routes) {
            std::ignore =
                owners.add_everywhere(std::string(route.pattern), {route.method},
                                      {fmt::format("of the built-in {}", role.name), remedy});
        }
    }
}

// Two routes for one method and path: which of them would decide?
void check_duplicates(Reader& services, roles::Definitions roles,
                      const gateway::GatewaySettings& settings) {
    Owners owners;
    for (const gateway::ServiceSettings& service : settings.services) {
        for (const gateway::RouteSettings& route : service.routes) {
            owners.add_hosts(service.hosts_of(route));
        }
    }
    add_built_in(owners, roles, settings.built_in);
    const auto check = [&](const gateway::ServiceSettings& service,
                           const gateway::RouteSettings& route, std::span<const std::string> host,
                           wire::Method method) {
        const auto added = owners.add(host, route.path, {method}, {route.source, ""});
        if (added || added.error().rule != api::duplicate_route_rule) return;
        const auto first = owners.find(host.empty() ? "" : host.front(), method, route.path);
        services.problem(
            service.name,
            fmt::format("{}: {}{}; the other is {}", route.source, added.error().detail,
                        host.empty() ? "" : " on " + host.front(),
                        first.route ? first.route->text + first.route->remedy : "above"));
    };
    for (const gateway::ServiceSettings& service : settings.services) {
        for (const gateway::RouteSettings& route : service.routes) {
            const std::span<const std::string> hosts = service.hosts_of(route);
            for (const std::string& name : route.methods) {
                const auto method = wire::find_method(name);
                if (!method) continue;
                if (hosts.empty()) check(service, route, {}, *method);
                for (std::size_t i = 0; i < hosts.size(); ++i) {
                    check(service, route, hosts.subspan(i, 1), *method);
                }
            }
        }
    }
}

// Routes that an upstream may take for each other.
void check_spellings(Reader& services, const gateway::GatewaySettings& settings) {
    for (const auto& [service, route, other] : gateway::indistinct_routes(settings.services)) {
        services.problem(*service,
                         fmt::format("{}: {} is {} ({}) to a server that ignores case or a slash "
                                     "at the end, and asks for something else; make them ask for "
                                     "the same, or, if the service tells them apart, say paths: "
                                     "exact",
                                     route->source, route->path, other->path, other->source));
    }
    for (const auto& [service, route, other] :
         gateway::routes_of_the_bare_prefix(settings.services)) {
        services.problem(
            *service, fmt::format("{}: the prefix alone, and with a slash at its end, are both / "
                                  "to the service: {} and {} ({}) must ask for the same",
                                  route->source, route->path, other->path, other->source));
    }
    for (const auto& [service, route, other] : gateway::shadowed_routes(settings.services)) {
        services.warning(*service,
                         fmt::format("{}: other spellings of {}, such as capitals or a slash at "
                                     "the end, match {} ({}), which is weaker: they need what both "
                                     "ask for. If the service tells them apart, say paths: exact",
                                     route->source, route->path, other->path, other->source));
    }
}

// Which of a route's methods names other paths in its body, where nothing judges them (RFC 3253,
// RFC 4437, RFC 5323, RFC 5842); empty: none.
std::string_view method_with_paths(const gateway::RouteSettings& route) {
    constexpr std::string_view methods[] = {"BIND",          "REBIND",           "MERGE",
                                            "UPDATE",        "REPORT",           "SEARCH",
                                            "MKREDIRECTREF", "UPDATEREDIRECTREF"};
    const auto found = std::ranges::find_first_of(route.methods, methods);
    return found == route.methods.end() ? std::string_view() : *found;
}

void check_methods(Reader& services, const gateway::GatewaySettings& settings) {
    for (const gateway::ServiceSettings& service : settings.services) {
        for (const gateway::RouteSettings& route : service.routes) {
            const std::string_view method = method_with_paths(route);
            const auto other = std::ranges::find_if(service.routes, [&](const auto& one) {
                return one.allow != route.allow || one.permissions != route.permissions;
            });
            if (method.empty() || other == service.routes.end()) continue;
            services.warning(
                service.name,
                fmt::format("{}: {} names other paths in its body, which only the service judges: "
                            "it may reach what {} ({}) guards",
                            route.source, method, other->path, other->source));
        }
    }
}

// The first permission of a route that no role has; empty: they all have some.
std::string_view unheld_permission(const gateway::RouteSettings& route,
                                   const std::set<std::string_view>& held) {
    const auto unheld = std::ranges::find_if(
        route.permissions, [&](const std::string& name) { return !held.contains(name); });
    return unheld == route.permissions.end() ? std::string_view() : *unheld;
}

}  // namespace

void check_routes(Reader& services, roles::Definitions roles,
                  const gateway::GatewaySettings& settings) {
    check_duplicates(services, roles, settings);
    check_spellings(services, settings);
    check_methods(services, settings);
}

void check_permissions(Reader& root, const Settings& settings) {
    if (!settings.tokens.trusted.empty() || !settings.has_identity()) return;
    std::set<std::string_view> held;
    for (const std::string_view role : settings.roles.role_names()) {
        const auto& permissions = settings.roles.permissions_of(role);
        held.insert(permissions.begin(), permissions.end());
    }
    for (const gateway::ServiceSettings& service : settings.gateway.services) {
        for (const gateway::RouteSettings& route : service.routes) {
            const std::string_view unheld = unheld_permission(route, held);
            if (unheld.empty()) continue;
            root.warning("services." + service.name,
                         fmt::format("{}: no role has {}, so that nobody may call {}; access.roles "
                                     "gives permissions to roles",
                                     route.source, unheld, route.path));
        }
    }
}

}  // namespace merlon::config
