// Builds a snapshot from the settings.
#include "gateway/snapshot/snapshot.h"

#include <fmt/format.h>

#include "api/body_schema.h"
#include "api/local_call.h"
#include "api/openapi/document.h"
#include "gateway/snapshot/service_tls.h"
#include "upstream/upstream.h"

namespace merlon::gateway {
namespace {

Result<access::Rule> rule_of(const RouteSettings& settings, access::Roles& roles) {
    switch (settings.allow) {
        case Allow::Public:
            return access::Rule::open();
        case Allow::Authenticated:
            return access::Rule::authenticated();
        case Allow::Permissions:
            return access::Rule::all_of(settings.permissions, roles);
    }
    MERLON_ASSERT(false);
}

events::RouteClass class_of(const access::Rule& rule, const access::Roles& roles) {
    return roles.admits_only_admins(rule) ? events::RouteClass::Admin
                                          : events::RouteClass::Ordinary;
}

Result<std::vector<wire::Method>> methods_of(const RouteSettings& settings) {
    std::vector<wire::Method> methods;
    for (const std::string& name : settings.methods) {
        const auto method = wire::find_method(name);
        if (!method) return fail(Kind::Invalid, "route.method", "no such method: " + name);
        methods.push_back(*method);
    }
    return methods;
}

// Of a route: the service's, unless the route has some of its own. The layers before are the
// installation's and the service's.
const ResponseRules* response_rules_of(Snapshot& snapshot, const ResponseRules* of_service,
                                       const GatewaySettings& gateway,
                                       const ServiceSettings& service, const RouteSettings& route) {
    if (route.headers.empty()) return of_service;
    const HeaderSettings* const layers[] = {&gateway.headers, &service.headers, &route.headers};
    return &snapshot.response_rules.emplace_back(ResponseRules::make(layers));
}

// Of the service added last, without its rules of fields.
Result<Route> make_route(Snapshot& snapshot, const ServiceSettings& service,
                         const RouteSettings& settings, const http::ServerSettings& server,
                         WhenStale when_stale) {
    const auto& hosts = service.hosts_of(settings);
    if (!service.strip_prefix.empty() && !is_below(settings.path, service.strip_prefix)) {
        return fail(Kind::Invalid, "route.prefix",
                    settings.path + " is not below " + service.strip_prefix);
    }
    Route route;
    route.pattern = (hosts.empty() ? "" : hosts.front()) + settings.path;
    route.rule = MERLON_TRY(rule_of(settings, snapshot.roles));
    route.route_class = class_of(route.rule, snapshot.roles);
    route.service = snapshot.services.size() - 1;
    route.spelling = service.paths;
    route.body_bytes_max = settings.body_bytes.value_or(server.limits.body_bytes);
    const auto timeout = settings.timeout ? settings.timeout : service.timeout;
    route.timeout = timeout.value_or(server.timeouts.upstream);
    route.stream_idle = timeout.value_or(server.timeouts.stream);
    route.upload_time = timeout.value_or(route.upload_time);
    route.is_limited = settings.limited;
    route.allows_websocket = settings.websocket;
    route.closed_when_stale = settings.when_stale.value_or(when_stale) == WhenStale::Closed;
    if (!settings.schema.empty()) {
        route.schema = std::make_unique<const wire::JsonSchema>(
            MERLON_TRY(wire::JsonSchema::compile(settings.schema)));
    }
    return route;
}

Result<> add_routes(Snapshot& snapshot, const ServiceSettings& service,
                    const GatewaySettings& gateway, const http::ServerSettings& server) {
    const ResponseRules* rules = &snapshot.response_rules.front();
    if (!service.headers.empty()) {
        const HeaderSettings* const layers[] = {&gateway.headers, &service.headers};
        rules = &snapshot.response_rules.emplace_back(ResponseRules::make(layers));
    }
    for (const RouteSettings& settings : service.routes) {
        const auto methods = MERLON_TRY(methods_of(settings));
        Route route = MERLON_TRY(
            make_route(snapshot, service, settings, server, gateway.revocation.when_stale));
        route.response_rules = response_rules_of(snapshot, rules, gateway, service, settings);
        const auto& hosts = service.hosts_of(settings);
        const Route* added =
            MERLON_TRY(snapshot.routes.add(hosts, settings.path, methods, std::move(route)));
        if (service.paths == PathSpelling::Exact) continue;
        MERLON_TRY(snapshot.spellings.add(hosts, settings.path, methods, added));
    }
    return {};
}

// Hosts have their tables before any route is added.
void add_hosts(Snapshot& snapshot, const std::vector<ServiceSettings>& services) {
    for (const ServiceSettings& service : services) {
        for (const RouteSettings& route : service.routes) {
            snapshot.routes.add_hosts(service.hosts_of(route));
            snapshot.spellings.add_hosts(service.hosts_of(route));
        }
    }
}

// Of a role that is in this process, or of the service added last.
Result<> add_built_in_route(Snapshot& snapshot, const api::LocalRoute& settings,
                            api::LocalService* local, const http::ServerSettings& server,
                            const GatewaySettings& gateway) {
    Route route;
    route.pattern = settings.pattern;
    route.rule = MERLON_TRY(api::local_rule(settings, snapshot.roles));
    route.route_class = class_of(route.rule, snapshot.roles);
    route.body_bytes_max = api::LocalService::body_bytes_max;
    route.is_limited = false;  // the limits' own paths name the built-in roles
    route.declared = &settings;
    route.local = local;
    if (local == nullptr) route.service = snapshot.services.size() - 1;
    route.timeout = server.timeouts.upstream;
    route.closed_when_stale = gateway.revocation.when_stale == WhenStale::Closed;
    if (!settings.body_schema.empty()) {
        route.schema = std::make_unique<const wire::JsonSchema>(
            MERLON_TRY(api::compile_body_schema(settings.body_schema, gateway.names)));
    }
    route.response_rules = &snapshot.response_rules.front();
    const std::string pattern = route.pattern;
    MERLON_TRY(snapshot.routes.add_everywhere(pattern, {settings.method}, std::move(route)));
    return {};
}

// A declared one, without its routes.
Result<> add_service(Snapshot& snapshot, const ServiceSettings& settings) {
    const net::TlsClientSettings tls = MERLON_TRY(tls_of(settings));
    Service service;
    service.name = settings.name;
    service.health = settings.health;
    service.pool = settings.pool;
    service.cors = CorsTexts::make(settings.cors);
    service.forward_fields = settings.forward_fields;
    if (!tls.server_ids.empty()) service.identity = tls.server_ids.front();
    MERLON_ASSERT(!service.identity || snapshot.identity);  // the caller has seen to it
    if (settings.targets.size() > upstream::Upstream::targets_max) {
        return fail(Kind::Invalid, "upstream.targets",
                    settings.name + ": at most " + std::to_string(upstream::Upstream::targets_max) +
                        " targets");
    }
    std::string base;
    for (const upstream::TargetSettings& target : settings.targets) {
        ServiceUrl url = MERLON_TRY(split_service_url(target.url));
        service.targets.push_back(MERLON_TRY(upstream::parse_upstream(url.server, tls)));
        base = std::move(url.base);  // all have the same: config sees to it
    }
    service.relay = RelayRules::make(settings, std::move(base));
    snapshot.services.push_back(std::move(service));
    return {};
}

// Public, and of no service.
Result<> add_fixed_route(Snapshot& snapshot, const std::string& pattern, std::string body) {
    Route route;
    route.pattern = pattern;
    route.rule = access::Rule::open();
    route.is_limited = false;
    route.fixed_body = std::move(body);
    route.response_rules = &snapshot.response_rules.front();
    MERLON_TRY(snapshot.routes.add_everywhere(pattern, {wire::Method::Get}, std::move(route)));
    return {};
}

// scheme://host[:port] of a URL.
std::string origin_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    return std::string(url.substr(0, url.find('/', scheme + 3)));
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> Snapshot::make(const GatewaySettings& gateway,
                                                       const http::ServerSettings& server,
                                                       const tokens::TokenSettings& tokens,
                                                       KeySources keys, access::Roles roles,
                                                       std::vector<BuiltInRole> built_in,
                                                       std::optional<GatewayIdentity> identity) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->roles = std::move(roles);
    snapshot->identity = std::move(identity);
    snapshot->stale_after = gateway.revocation.stale_after;
    const HeaderSettings* const layers[] = {&gateway.headers};
    snapshot->response_rules.push_back(ResponseRules::make(layers));
    add_hosts(*snapshot, gateway.services);
    MERLON_TRY(add_fixed_route(*snapshot, std::string(health_path), R"({"status":"ok"})"));
    std::vector<const api::RoleTable*> tables;
    for (const BuiltInRole& role : built_in) tables.push_back(role.table);
    MERLON_TRY(add_fixed_route(*snapshot, std::string(openapi_path),
                               api::openapi_document(tables, gateway.public_url, gateway.names)));
    for (BuiltInRole& role : built_in) {
        if (role.local == nullptr) {
            snapshot->services.push_back({std::string(role.table->role),
                                          std::move(role.targets),
                                          {},
                                          {},
                                          std::move(role.identity),
                                          role.table->revokes_tokens,
                                          CorsTexts::make(gateway.cors.lists),
                                          {},
                                          {}});
        }
        for (const api::LocalRoute& route : role.table->routes) {
            MERLON_TRY(add_built_in_route(*snapshot, route, role.local, server, gateway));
        }
    }
    for (const ServiceSettings& settings : gateway.services) {
        MERLON_TRY(add_service(*snapshot, settings));
        MERLON_TRY(add_routes(*snapshot, settings, gateway, server));
    }
    for (const LimitSettings& limit : gateway.limits) {
        snapshot->limits.push_back(Limit::make(limit));
        snapshot->has_unfolded_limits |= snapshot->limits.back().has_unfolded_paths();
        snapshot->compares_hosts |= !limit.hosts.empty();
    }
    snapshot->compares_hosts |= snapshot->routes.have_hosts();
    snapshot->cors = gateway.cors;
    snapshot->cors_texts = CorsTexts::make(gateway.cors.lists);
    snapshot->own_origin = origin_of(gateway.public_url);
    snapshot->trusted_proxies = MERLON_TRY(TrustedProxies::parse(server.trusted_proxies));
    snapshot->ipv6_prefix = gateway.ipv6_prefix;
    snapshot->timeouts = server.timeouts;
    snapshot->access_log = gateway.access_log;
    snapshot->verifier.emplace(
        tokens::ClaimRules{tokens.issuer, tokens.audience}, keys.own,
        MERLON_TRY(tokens::TrustedIssuers::load(tokens.trusted, keys.remote)), snapshot->roles);
    return snapshot;
}

}  // namespace merlon::gateway
