// Reading services with their routes, and limits: the sections whose keys the operator names.
#include <algorithm>

#include "config/sections.h"
#include "config/values.h"
#include "gateway/limit_table.h"
#include "gateway/route_table.h"
#include "gateway/upstream.h"
#include "wire/json_schema.h"

namespace merlon::config {
namespace {

void read_allow(Reader& route, const Node* node, gateway::RouteSettings& out) {
    if (node == nullptr) {
        route.problem(nullptr, "allow",
                      out.source +
                          ": a route says who may call it: public, authenticated, or a "
                          "list of permissions");
        return;
    }
    if (node->is_scalar() && node->text == "public") {
        out.allow = gateway::Allow::Public;
    } else if (node->is_scalar() && node->text == "authenticated") {
        out.allow = gateway::Allow::Authenticated;
    } else if (node->is_list() && !node->items.empty() &&
               std::ranges::all_of(node->items, &Node::is_scalar)) {
        for (const Node& item : node->items) out.permissions.push_back(item.text);
    } else {
        route.problem(node, "allow", "must be public, authenticated, or a list of permissions");
    }
}

// A schema is checked here, where its file can be named.
void read_schema(Reader& route, const ReadContext& context, const Node& node,
                 gateway::RouteSettings& out) {
    constexpr std::size_t schema_bytes_max = 256 << 10;
    std::string path;
    route.text("schema", path);
    if (path.empty()) return;
    auto text = context.files.read(path, schema_bytes_max);
    if (!text) return route.problem(&node, "schema", path + ": " + text.error().detail);
    if (const auto compiled = wire::JsonSchema::compile(*text); !compiled) {
        const Error& error = compiled.error();
        return route.problem(&node, "schema",
                             path + ": " +
                                 (error.rule == "schema.invalid"
                                      ? error.detail
                                      : std::string("is no JSON: ") + std::string(error.rule)));
    }
    constexpr std::string_view with_body[] = {"POST", "PUT", "PATCH"};
    if (std::ranges::find_first_of(out.methods, with_body) == out.methods.end()) {
        route.problem(&node, "schema", "judges bodies, and none of the methods has one");
    }
    out.schema = *std::move(text);
}

gateway::RouteSettings read_route(Reader route, const ReadContext& context, const Node& node) {
    gateway::RouteSettings out;
    out.source = node.origin.text();
    route.text("path", out.path);
    if (const auto segments = gateway::split_pattern(out.path); !segments) {
        route.problem(&node, "path", segments.error().detail);
    }
    route.texts("methods", out.methods);
    if (out.methods.empty()) route.problem(&node, "methods", "a route names its methods: [GET]");
    constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    for (const std::string& method : out.methods) {
        if (std::ranges::find(known, method) == std::end(known)) {
            route.problem(&node, "methods",
                          "\"" + method + "\" is none of GET, HEAD, POST, PUT, PATCH, DELETE");
        }
    }
    read_allow(route, route.take("allow"), out);
    read_schema(route, context, node, out);
    std::size_t body = 0;
    route.size("body", body);
    if (body > 0) out.body_bytes = body;
    std::chrono::milliseconds timeout{0};
    route.duration("timeout", timeout);
    if (timeout.count() > 0) out.timeout = timeout;
    std::string limit;
    route.text("limit", limit);
    if (!limit.empty() && limit != "none") route.problem(&node, "limit", "can only be none");
    out.limited = limit != "none";
    std::string upgrade;
    route.text("upgrade", upgrade);
    if (!upgrade.empty() && upgrade != "websocket") {
        route.problem(&node, "upgrade", "can only be websocket");
    }
    out.websocket = upgrade == "websocket";
    if (out.websocket && std::ranges::find(out.methods, "GET") == out.methods.end()) {
        route.problem(&node, "upgrade", "a WebSocket begins with GET, which is not in methods");
    }
    route.finish();
    return out;
}

// Two routes for one method and path: which of them would decide?
void check_duplicates(Reader& services, const gateway::GatewaySettings& settings) {
    gateway::RouteTable<std::string> table;
    for (const auto& service : settings.services) {
        for (const auto& route : service.routes) {
            for (const std::string& method : route.methods) {
                for (int i = 0; i < 7; ++i) {
                    const auto parsed = static_cast<wire::Method>(i);
                    if (wire::name(parsed) != method) continue;
                    const auto added = table.add(route.path, {parsed}, route.source);
                    if (added || added.error().rule != "route.duplicate") continue;
                    const auto first = table.find(parsed, route.path);
                    services.problem(nullptr, service.name,
                                     route.source + ": " + added.error().detail +
                                         "; the other is " +
                                         (first.route ? *first.route : "above"));
                }
            }
        }
    }
}

}  // namespace

void read_services(Reader services, ReadContext& context, const Node* node,
                   gateway::GatewaySettings& out) {
    if (node == nullptr || !node->is_map()) return;
    for (const Entry& entry : node->entries) {
        Reader reader = services.section(entry.name);
        gateway::ServiceSettings service;
        service.name = entry.name;
        std::vector<std::string> urls;
        reader.texts("url", urls);
        if (urls.empty())
            reader.problem(&entry.value, "url", "where is the service? http://host:port");
        reader.text("ca", service.ca_path);
        reader.text("certificate", service.certificate_path);
        reader.text("key", service.key_path);
        for (const std::string& url : urls) {
            if (const auto parsed = gateway::parse_upstream(url, service); !parsed) {
                reader.problem(&entry.value, "url", parsed.error().detail);
            }
            service.targets.push_back({url});
        }
        const Node* routes = reader.take("routes");
        if (routes != nullptr && routes->is_list()) {
            for (std::size_t i = 0; i < routes->items.size(); ++i) {
                const std::string path = reader.path() + ".routes[" + std::to_string(i) + "]";
                service.routes.push_back(read_route(Reader(context, &routes->items[i], path),
                                                    context, routes->items[i]));
            }
        } else if (routes != nullptr) {
            reader.problem(routes, "routes", "must be a list");
        }
        reader.finish();
        out.services.push_back(std::move(service));
    }
    check_duplicates(services, out);
}

void read_limits(Reader limits, ReadContext&, const Node* node, gateway::GatewaySettings& out) {
    // The seed's two, unless they are said otherwise.
    out.limits = {{"api", {"/api/**"}},
                  {"auth",
                   {"/api/auth/login", "/api/auth/register"},
                   std::chrono::seconds{900},
                   5,
                   true,
                   "TOO_MANY_AUTH_ATTEMPTS",
                   {}}};
    if (node == nullptr || !node->is_map()) return;
    for (const Entry& entry : node->entries) {
        Reader reader = limits.section(entry.name);
        auto known = std::ranges::find(out.limits, entry.name, &gateway::LimitSettings::name);
        if (known == out.limits.end()) {
            out.limits.push_back({entry.name, {}});
            known = out.limits.end() - 1;
        }
        reader.texts("paths", known->paths);
        if (known->paths.empty())
            reader.problem(&entry.value, "paths", "which paths? [\"/api/**\"]");
        for (const std::string& path : known->paths) {
            if (const auto segments = gateway::split_pattern(path);
                !segments || path.find('{') != std::string::npos) {
                reader.problem(&entry.value, "paths",
                               "\"" + path + "\": a path, or one ending in /**");
            }
        }
        reader.seconds("window", known->window);
        if (known->window.count() < 1 ||
            known->window.count() > gateway::LimitTable::window_seconds_max) {
            reader.problem(&entry.value, "window", "must be from 1s to 194d");
        }
        std::int64_t max = known->max;
        reader.number("max", 1, gateway::LimitTable::count_max, max);
        known->max = static_cast<std::uint32_t>(max);
        reader.boolean("skip_successful", known->skip_successful);
        reader.text("code", known->code);
        if (known->code != "RATE_LIMIT_EXCEEDED" && known->code != "TOO_MANY_AUTH_ATTEMPTS") {
            reader.problem(&entry.value, "code",
                           "must be RATE_LIMIT_EXCEEDED or TOO_MANY_AUTH_ATTEMPTS");
        }
        reader.finish();
    }
}

}  // namespace merlon::config
