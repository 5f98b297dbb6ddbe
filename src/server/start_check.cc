// Builds what serve builds from the configuration alone, and throws it away.
#include "server/start_check.h"

#include <algorithm>
#include <filesystem>

#include "fetch/curl_fetcher.h"
#include "gateway/snapshot/snapshot.h"
#include "identity/store/schema.h"
#include "installation/owned_tables.h"
#include "installation/stores.h"
#include "redis/redis_server.h"
#include "rpc/identities.h"
#include "rpc/names.h"
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
Result<> build_snapshot(const config::Settings& settings, const installation::RoleSet& roles,
                        const Clock& clock) {
    const tokens::CurrentKeys keys(
        std::make_shared<const tokens::Keyring>(tokens::Keyring::none()));
    fetch::CurlFetcher fetcher;
    tokens::RemoteKeySets remote(fetcher, clock, [](const std::string&) {});
    std::vector<gateway::BuiltInRole> built_in;
    for (const rpc::RoleDefinition* role : installation::enabled_roles(settings)) {
        built_in.push_back({&role->table()});
    }
    MERLON_TRY(gateway::Snapshot::make(settings.gateway, settings.server, settings.tokens,
                                       {keys, remote}, settings.roles, std::move(built_in),
                                       MERLON_TRY(gateway_identity(settings, roles))));
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
    if (keys.master.empty() && !is_there(keys.master_path)) return {};
    MERLON_TRY(sealing::find_master_key(keys));
    return {};
}

// What is wrong, as it is found.
class StartCheck {
public:
    StartCheck(const config::Loaded& loaded, installation::RoleSet roles, const Clock& clock)
        : loaded_(loaded), settings_(*loaded.settings), roles_(std::move(roles)), clock_(clock) {}

    config::Problems run() && {
        const auto enabled = roles_.enabled_in(settings_);
        if (!enabled) {
            report(Grade::Error, "services", text_of(enabled.error()));
            return std::move(problems_);
        }
        roles_ = *enabled;
        const bool is_gateway = roles_.has(rpc::gateway_name);
        if (is_gateway || roles_.has(identity::auth_role)) {
            require("tokens.refresh_secret", check_secrets(settings_));
            require("state", check_redis(settings_));
        }
        if (installation::needs_keys(settings_, roles_)) {
            require("keys.master", check_keys(settings_));
        }
        if (is_gateway) check_gateway();
        check_certificates();
        return std::move(problems_);
    }

private:
    void report(Grade grade, const std::string& key, std::string message) {
        problems_.push_back({grade, origin_of(loaded_.keys, key), key, std::move(message)});
    }

    bool require(const std::string& key, const Result<>& done) {
        if (!done) report(Grade::Error, key, text_of(done.error()));
        return done.has_value();
    }

    void check_gateway() {
        const auto tls = net::TlsServerContext::make_if_any(settings_.server.tls);
        require("server.tls", tls ? Result<>{} : std::unexpected(tls.error()));
        if (require("tokens.trusted", load_trusted(settings_, clock_))) {
            require("services", build_snapshot(settings_, roles_, clock_));
        }
    }

    void check_certificates() {
        std::vector<CertificateUse> uses = certificates_of(settings_, roles_);
        for (const std::string& name : roles_.names()) {
            CertificateUse use{"fleet." + name, rpc::certificate_path(settings_.fleet, name), ""};
            // In one process on another machine, or nowhere.
            if (roles_.is_whole() && !is_there(use.path)) continue;
            const auto listener = rpc::listener_tls(settings_.fleet, name, {});
            require(use.key, listener ? Result<>{} : std::unexpected(listener.error()));
            if (std::ranges::find(uses, use.key, &CertificateUse::key) == uses.end()) {
                uses.push_back(std::move(use));
            }
        }
        for (const CertificateUse& use : uses) {
            for (std::string& warning : certificate_warnings(use, clock_.wall())) {
                report(Grade::Warning, use.key, std::move(warning));
            }
        }
    }

    const config::Loaded& loaded_;
    const config::Settings& settings_;
    installation::RoleSet roles_;
    const Clock& clock_;
    config::Problems problems_;
};

}  // namespace

config::Problems check_start(const config::Loaded& loaded, const installation::RoleSet& roles,
                             const Clock& clock) {
    return StartCheck(loaded, roles, clock).run();
}

}  // namespace merlon::server
