// Reading `services` with their routes.
#include <fmt/format.h>

#include <algorithm>

#include "api/route_table.h"
#include "config/route_checks.h"
#include "config/sections.h"
#include "config/service_place.h"
#include "config/values.h"
#include "gateway/snapshot/service_tls.h"
#include "wire/json_schema.h"

namespace merlon::config {
namespace {

void read_methods(Reader& route, std::vector<std::string>& out) {
    route.texts("methods", out, "GET, POST, … or another registered one, such as PROPFIND");
    if (out.empty()) route.problem("methods", "a route names its methods: [GET]");
    for (const std::string& method : out) {
        if (wire::find_method(method)) continue;
        route.problem("methods", "\"" + method +
                                     "\" is no method that passes: GET, HEAD, POST, PUT, PATCH, "
                                     "DELETE, OPTIONS, or one of WebDAV's in capitals");
    }
}

void read_allow(Reader& route, gateway::RouteSettings& out) {
    const Node* said =
        route.words("allow",
                    R"("anyOf":[{"enum":["public","authenticated"]},)"
                    R"({"type":"array","items":{"type":"string"},"minItems":1}])",
                    "who may call: public, authenticated, or all of these permissions");
    if (said == nullptr) {
        route.problem("allow", out.source +
                                   ": a route says who may call it: public, authenticated, or a "
                                   "list of permissions");
    } else if (said->is_scalar() && said->text == "public") {
        out.allow = gateway::Allow::Public;
    } else if (said->is_scalar() && said->text == "authenticated") {
        out.allow = gateway::Allow::Authenticated;
    } else if (said->is_list() && !said->items.empty() &&
               std::ranges::all_of(said->items, &Node::is_scalar)) {
        for (const Node& item : said->items) out.permissions.push_back(item.text);
    } else {
        route.problem("allow", "must be public, authenticated, or a list of permissions");
    }
}

// A schema is checked here, where its file can be named.
void read_schema(Reader& route, gateway::RouteSettings& out) {
    constexpr std::size_t schema_bytes_max = 256 << 10;
    std::string path;
    route.text("schema", path, "file with the JSON Schema of the body; unknown fields are cut out");
    if (path.empty()) return;
    auto text = route.files().read(path, schema_bytes_max);
    if (!text) return route.problem("schema", path + ": " + text.error().detail);
    if (const auto compiled = wire::JsonSchema::compile(*text); !compiled) {
        const Error& error = compiled.error();
        return route.problem("schema",
                             path + ": " +
                                 (error.rule == wire::schema_invalid_rule
                                      ? error.detail
                                      : std::string("is no JSON: ") + std::string(error.rule)));
    }
    constexpr std::string_view with_body[] = {"POST", "PUT", "PATCH", "DELETE"};
    if (std::ranges::find_first_of(out.methods, with_body) == out.methods.end()) {
        route.problem("schema", "judges bodies, and none of the methods has one");
    }
    out.schema = *std::move(text);
}

gateway::RouteSettings read_route(Reader route) {
    gateway::RouteSettings out;
    out.source = route.origin().text();
    route.text("path", out.path, "/a/{id}/**: the most specific pattern wins");
    if (const auto segments = api::split_pattern(out.path); !segments) {
        route.problem("path", segments.error().detail);
    }
    read_hosts(route, out.hosts);
    read_methods(route, out.methods);
    read_allow(route, out);
    read_schema(route, out);
    route.size("body", out.body_bytes, "instead of server.limits.body");
    route.duration("timeout", out.timeout, "instead of server.timeouts.upstream");
    std::string limit;
    route.choice("limit", {"none"}, limit, "none: these requests are not counted");
    out.limited = limit != "none";
    std::string upgrade;
    route.choice("upgrade", {"websocket"}, upgrade, "websocket: this route may become one");
    out.websocket = upgrade == "websocket";
    if (out.websocket && std::ranges::find(out.methods, "GET") == out.methods.end()) {
        route.problem("upgrade", "a WebSocket begins with GET, which is not in methods");
    }
    std::string when_stale;
    route.choice("when_stale", {"open", "closed"}, when_stale,
                 "instead of revocation.when_stale, for this route");
    if (!when_stale.empty()) {
        out.when_stale =
            when_stale == "closed" ? gateway::WhenStale::Closed : gateway::WhenStale::Open;
    }
    read_headers(route.section("headers", "of its responses, after the service's headers"),
                 out.headers);
    route.finish();
    return out;
}

void read_health(Reader health, upstream::HealthSettings& out) {
    health.text("path", out.path, "what to ask: any 2xx is well");
    health.duration("interval", out.interval, "between two checks of one target");
    health.duration("timeout", out.timeout, "how long the answer may take");
    health.finish();
    if (!health.exists()) return;
    if (!out.path.starts_with('/') || out.path.find_first_of(" #\r\n") != std::string::npos) {
        health.problem("path", "which path says whether the service is well? /healthz");
    }
    if (out.interval < std::chrono::milliseconds{100}) {
        health.problem("interval", "must be at least 100ms");
    }
}

// Of one worker.
void read_pool(Reader pool, upstream::PoolSettings& out) {
    pool.number("kept", 0, 10'000, out.kept, "connections that are kept to each of its addresses");
    pool.duration("age", out.age, "a kept connection that is older gets no request");
    pool.number("requests", 1, 1'000'000, out.requests,
                "requests that one worker has open to it; further ones get 503");
    pool.number("streams", 1, 1'000'000, out.streams,
                "event streams and WebSockets that one worker has open to it");
    pool.count_or_auto("client_requests", out.client_requests,
                       "requests of one client among them; auto: half");
    pool.count_or_auto("client_streams", out.client_streams,
                       "streams of one client among them; auto: half");
    pool.finish();
}

// Fields that pass although a client could make them up: each is the operator's decision.
void read_forward_fields(Reader& reader, std::vector<std::string>& out) {
    reader.texts(
        "forward_fields", out,
        "fields of a proxy in front that it gets, from server.trusted_proxies; from anybody "
        "where none is named: CF-Connecting-IP");
    for (const std::string& name : out) {
        const wire::FieldId id = wire::field_id(name);
        if (!is_field_name(name) || wire::may_be_read_as_another(name)) {
            reader.problem("forward_fields", "\"" + name +
                                                 "\" is no name that passes: letters, "
                                                 "digits and - only");
        } else if (id == wire::FieldId::Other) {
            reader.problem("forward_fields", "\"" + name + "\" passes without being named");
        } else if (id != wire::FieldId::ProxyClaim) {
            reader.problem("forward_fields",
                           "\"" + name + "\" never passes, or Merlon says it itself");
        }
    }
}

void read_paths(Reader& reader, gateway::PathSpelling& out) {
    std::string paths = "guarded";
    reader.choice(
        "paths", {"guarded", "exact"}, paths,
        "exact: it tells /a from /A and /a/; guarded: it may not, so that what guards one "
        "guards all");
    if (paths == "exact") out = gateway::PathSpelling::Exact;
}

gateway::ServiceSettings read_service(Reader reader, const gateway::CorsLists& cors) {
    gateway::ServiceSettings service;
    service.name = reader.name();
    service.cors = cors;
    std::vector<std::string> urls;
    reader.texts("url", urls, "where it is: http://host:port, https://host:port/base, unix:/path");
    if (urls.empty()) reader.problem("url", "where is the service? http://host:port");
    reader.text("ca", service.ca_path, "PEM file that certifies it; default: the system's");
    reader.text("certificate", service.certificate_path, "PEM file: our certificate for mTLS");
    reader.text("key", service.key_path, "PEM file: the key of our certificate");
    reader.text("identity", service.identity,
                "spiffe://domain/path that it proves to be; it is told who asks in an assertion");
    read_health(reader.section("health", "active checks; without them failures are counted"),
                service.health);
    const auto tls = gateway::tls_of(service);
    if (!tls) reader.problem("identity", "must be spiffe://domain/path");
    check_urls(reader, urls, service.identity, tls ? *tls : net::TlsClientSettings{});
    for (const std::string& url : urls) service.targets.push_back({url});
    reader.duration("timeout", service.timeout, "of its routes that have none of their own");
    read_pool(reader.section("pool", "its connections, and how much may be open to it"),
              service.pool);
    read_place(reader, service);
    read_paths(reader, service.paths);
    read_forward_fields(reader, service.forward_fields);
    Reader lists =
        reader.section("cors", "what browsers may send to it and read of it, beside cors");
    read_cors_lists(lists, service.cors);
    lists.finish();
    read_headers(reader.section("headers", "of its responses, after the headers of all"),
                 service.headers);
    read_request_headers(reader.section("request_headers", "of the requests that it gets"),
                         service.request_headers);
    for (Reader& route : reader.items("routes", "what may be called, by whom")) {
        service.routes.push_back(read_route(std::move(route)));
    }
    check_prefix(reader, service);
    reader.finish();
    return service;
}

// Names of the roles that an installation can do without: "users, products and orders".
std::string optional_names(roles::Definitions roles) {
    std::vector<std::string_view> names;
    for (const rpc::RoleDefinition& role : roles) {
        if (role.is_optional()) names.push_back(role.name);
    }
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

void check_calls(Reader& services, roles::Definitions roles,
                 const gateway::BuiltInServices& built_in) {
    for (const rpc::RoleDefinition& role : roles) {
        if (!built_in.has(role.name)) continue;
        for (const std::string_view called : role.calls) {
            if (built_in.has(called)) continue;
            services.problem(called, fmt::format("the built-in {0} need the built-in {1}; leave "
                                                 "them out, too: {0}: {{enabled: false}}",
                                                 role.name, called));
        }
    }
}

}  // namespace

void read_services(Reader services, roles::Definitions roles, gateway::GatewaySettings& out) {
    const std::string enabled_help =
        "false leaves it out; " + optional_names(roles) + " are there without being named";
    for (const std::string& name : services.names()) {
        Reader section = services.section(name, "a service, by a name of its own");
        bool is_enabled = true;
        section.boolean("enabled", is_enabled, enabled_help);
        const bool has_url = section.says("url");
        const rpc::RoleDefinition* role = roles::find(roles, name);
        if (role != nullptr && role->is_optional()) {
            if (is_enabled && !has_url && !out.built_in.has(name)) {
                services.problem(name, "needs the url of a service of your own: the built-in " +
                                           name + " is left out by identity.enabled: false");
            }
            // A service of the installation's own takes the place of the built-in one.
            if (!is_enabled || has_url) out.built_in.left_out.insert(name);
            if (!has_url) {
                section.finish();
                continue;
            }
        }
        auto service = read_service(std::move(section), out.cors.lists);
        if (is_enabled) out.services.push_back(std::move(service));
    }
    check_calls(services, roles, out.built_in);
    check_routes(services, roles, out);
}

}  // namespace merlon::config
