// Compares two configurations, setting by setting.
#include "server/fixed_settings.h"

namespace merlon::server {
namespace {

std::vector<std::string> urls_of(const storage::StoreSettings& store) {
    std::vector<std::string> urls;
    for (const auto& [role, its] : store.roles) urls.push_back(role + " " + its.url);
    return urls;
}

}  // namespace

std::vector<std::string_view> changed_fixed_settings(const config::Settings& running,
                                                     const config::Settings& fresh) {
    std::vector<std::string_view> changed;
    const auto compare = [&](std::string_view name, const auto& before, const auto& after) {
        if (before != after) changed.push_back(name);
    };
    compare("server.listen", running.server.listen, fresh.server.listen);
    compare("server.redirect", running.server.redirect, fresh.server.redirect);
    compare("server.admin", running.server.admin, fresh.server.admin);
    compare("server.workers", running.server.workers, fresh.server.workers);
    const http::Timeouts& before = running.server.timeouts;
    const http::Timeouts& after = fresh.server.timeouts;
    compare("server.timeouts.header", before.header, after.header);
    compare("server.timeouts.body", before.body, after.body);
    compare("server.timeouts.upload", before.upload, after.upload);
    compare("server.timeouts.idle", before.idle, after.idle);
    compare("server.timeouts.admin", before.admin, after.admin);
    compare("server.timeouts.drain", before.drain, after.drain);
    compare("server.dns_servers", running.server.dns_servers, fresh.server.dns_servers);
    compare("server.limits", running.server.limits, fresh.server.limits);
    compare("store.url", running.store.url, fresh.store.url);
    compare("store.roles", urls_of(running.store), urls_of(fresh.store));
    compare("keys.url", running.keys.url, fresh.keys.url);
    compare("keys.master", running.keys.master_path, fresh.keys.master_path);
    compare("fleet", running.fleet, fresh.fleet);
    compare("state.url", running.state.url, fresh.state.url);
    compare("services (built-in roles)", running.gateway.built_in, fresh.gateway.built_in);
    compare("limits.ipv6_prefix (clients that accounts know)", running.gateway.ipv6_prefix,
            fresh.gateway.ipv6_prefix);
    compare("names", running.gateway.names, fresh.gateway.names);
    compare("passwords", running.passwords, fresh.passwords);
    return changed;
}

}  // namespace merlon::server
