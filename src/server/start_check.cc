// Builds what serve builds from the configuration alone, and throws it away.
#include "server/start_check.h"

#include <algorithm>
#include <filesystem>

#include "fetch/curl_fetcher.h"
#include "gateway/snapshot/snapshot.h"
#include "installation/owned_tables.h"
#include "redis/redis_server.h"
#include "rpc/identities.h"
#include "sealing/master_key.h"
#include "server/certificate_expiry.h"
#include "server/gateway_identity.h"
#include "tokens/issuer.h"

namespace merlon::server {
namespace {

using config::Grade;
using config::Key;
using config::Origin;

// Where the key at `path`, or the nearest one around it, was written.
Origin origin_of(const Key& root, std::string_view path) {
    Origin origin = root.origin;
    const Key* key = &root;
    while (!path.empty()) {
        const std::string_view name = path.substr(0, path.find('.'));
        const auto found = std::ranges::find(key->keys, name, &Key::name);
        if (found == key->keys.end()) break;
        key = &*found;
        if (key->origin.layer != Origin::Layer::Default) origin = key->origin;
        path.remove_prefix(std::min(path.size(), name.size() + 1));
    }
    return origin;
}

// Also one in a folder that may not be read: opening it gives the reason.
bool is_there(const std::string& path) {
    std::error_code unreadable;
    return std::filesystem::exists(path, unreadable) || unreadable;
}

std::string text_of(const Error& error) {
    return error.detail.empty() ? std::string(error.rule) : error.detail;
}

// Key sets in files; those of URLs are not fetched.
Result<> load_trusted(const config::Settings& settings, const Clock& clock) {
    fetch::CurlFetcher fetcher;
    tokens::RemoteKeySets remote(fetcher, clock, [](const std::string&) {});
    MERLON_TRY(tokens::TrustedIssuers::load(settings.tokens.trusted, remote));
    return {};
}

// Of the gateway: routes, schemas, limits, certificates of services.
Result<> build_snapshot(const config::Settings& settings, const Clock& clock) {
    const tokens::CurrentKeys keys(
        std::make_shared<const tokens::Keyring>(tokens::Keyring::none()));
    fetch::CurlFetcher fetcher;
    tokens::RemoteKeySets remote(fetcher, clock, [](const std::string&) {});
    std::vector<gateway::BuiltInRole> built_in;
    for (const rpc::RoleDefinition* role : installation::enabled_roles(settings)) {
        built_in.push_back({&role->table()});
    }
    const auto whole = installation::RoleSet::whole(settings.role_definitions);
    MERLON_TRY(gateway::Snapshot::make(settings.gateway, settings.server, settings.tokens,
                                       {keys, remote}, settings.roles, std::move(built_in),
                                       MERLON_TRY(gateway_identity(settings, whole))));
    return {};
}

Result<> check_secrets(const config::Settings& settings) {
    if (settings.tokens.secret.empty() || !settings.has_identity()) return {};
    MERLON_TRY(tokens::Rings::of_secrets(settings.tokens));
    return {};
}

Result<> check_redis(const config::Settings& settings) {
    if (!settings.state.redis) return {};
    metrics::Registry metrics;
    MERLON_TRY(redis::RedisServer::make(settings.state.redis, metrics, [](const std::string&) {}));
    return {};
}

// The first start makes the file.
Result<> check_keys(const config::Settings& settings) {
    const sealing::KeySettings& keys = settings.keys;
    if (!settings.has_identity() || (keys.master.empty() && !is_there(keys.master_path))) return {};
    MERLON_TRY(sealing::find_master_key(keys));
    return {};
}

}  // namespace

config::Problems check_start(const config::Loaded& loaded, const Clock& clock) {
    const config::Settings& settings = *loaded.settings;
    config::Problems problems;
    const auto report = [&](Grade grade, const std::string& key, std::string message) {
        problems.push_back({grade, origin_of(loaded.keys, key), key, std::move(message)});
    };
    const auto require = [&](const std::string& key, const Result<>& done) {
        if (!done) report(Grade::Error, key, text_of(done.error()));
        return done.has_value();
    };
    const auto tls = net::TlsServerContext::make_if_any(settings.server.tls);
    require("server.tls", tls ? Result<>{} : std::unexpected(tls.error()));
    require("tokens.refresh_secret", check_secrets(settings));
    require("keys.master", check_keys(settings));
    require("state", check_redis(settings));
    if (require("tokens.trusted", load_trusted(settings, clock))) {
        require("services", build_snapshot(settings, clock));
    }
    const auto whole = installation::RoleSet::whole(settings.role_definitions);
    std::vector<CertificateUse> uses = certificates_of(settings, whole);
    for (const std::string& name : whole.names()) {
        CertificateUse use{"fleet." + name, rpc::certificate_path(settings.fleet, name), ""};
        if (!is_there(use.path)) continue;  // on another machine, or nowhere in one process
        const auto listener = rpc::listener_tls(settings.fleet, name, {});
        require(use.key, listener ? Result<>{} : std::unexpected(listener.error()));
        if (std::ranges::find(uses, use.key, &CertificateUse::key) == uses.end()) {
            uses.push_back(std::move(use));
        }
    }
    for (const CertificateUse& use : uses) {
        for (std::string& warning : certificate_warnings(use, clock.wall())) {
            report(Grade::Warning, use.key, std::move(warning));
        }
    }
    return problems;
}

}  // namespace merlon::server
