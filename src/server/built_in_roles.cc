// Opens roles in the order of their list, and connects each to the roles that it calls.
#include "server/built_in_roles.h"

#include <algorithm>

#include "audit/event_store.h"
#include "audit/remote/events_port.h"
#include "base/wait.h"
#include "identity/remote/accounts_port.h"
#include "identity/store/schema.h"
#include "installation/owned_tables.h"
#include "rpc/identities.h"
#include "rpc/names.h"
#include "server/local_accounts.h"

namespace merlon::server {
namespace {

// The first role of this process that calls `role`; empty: none does.
std::string_view caller_of(const config::Settings& settings, const installation::RoleSet& here,
                           std::string_view role) {
    for (const rpc::RoleDefinition* one : installation::enabled_roles(settings)) {
        const bool calls = std::ranges::find(one->calls, role) != one->calls.end();
        if (calls && here.has(one->name)) return one->name;
    }
    return {};
}

// None without a secret: then only tokens of trusted issuers are good.
Result<std::shared_ptr<const tokens::Keyring>> keys_of_secret(const tokens::TokenSettings& tokens) {
    if (!tokens.secret.empty()) {
        return std::make_shared<const tokens::Keyring>(
            MERLON_TRY(tokens::Keyring::of_secret(tokens.secret)));
    }
    return std::make_shared<const tokens::Keyring>(tokens::Keyring::none());
}

}  // namespace

BuiltInRoles::~BuiltInRoles() { client_loop_.stop(); }

Result<> BuiltInRoles::open_auth(const config::Settings& settings, identity::RedisState* redis) {
    identity_ = MERLON_TRY(wait(identity::Identity::open(
        {environment_.stores.database_of(identity::auth_role), *environment_.stores.keys(),
         environment_.revocations, environment_.refusals, environment_.events, environment_.metrics,
         environment_.clock, environment_.entropy, redis, settings.gateway.ipv6_prefix,
         settings.gateway.names},
        settings.tokens, settings.passwords, settings.roles)));
    accounts_ = std::make_unique<LocalAccounts>(*identity_);
    ports_.add<ports::AccountDirectory>(*accounts_);
    return {};
}

Result<> BuiltInRoles::open(const config::Settings& settings, const installation::RoleSet& roles,
                            identity::RedisState* redis) {
    roles_ = roles;
    if (roles.has(identity::auth_role)) {
        MERLON_TRY(open_auth(settings, redis));
    } else if (settings.has_identity()) {
        MERLON_TRY(connect_to_auth(settings, roles));
    } else {
        secret_keys_.emplace(MERLON_TRY(keys_of_secret(settings.tokens)));
    }
    // A role stands after those that it calls, so their ports are there.
    for (const rpc::RoleDefinition* role : installation::enabled_roles(settings)) {
        if (roles.has(role->name)) {
            if (role->open != nullptr) MERLON_TRY(open_role(*role));
            continue;
        }
        const std::string_view caller = caller_of(settings, roles, role->name);
        if (caller.empty()) continue;
        role->connect(*MERLON_TRY(client_of(settings, role->name, caller)), ports_);
    }
    if (!clients_.empty()) client_loop_.start();
    return {};
}

Result<> BuiltInRoles::open_role(const rpc::RoleDefinition& role) {
    std::unique_ptr<rpc::Role> opened = MERLON_TRY(
        wait(role.open({environment_.stores.database_of(role.name), environment_.stores.keys(),
                        environment_.clock, environment_.entropy, ports_})));
    opened->add_ports(ports_);
    open_.emplace(role.name, std::move(opened));
    return {};
}

Result<> BuiltInRoles::connect_to_auth(const config::Settings& settings,
                                       const installation::RoleSet& roles) {
    rpc::Client* auth = MERLON_TRY(client_of(settings, identity::auth_role, roles.first()));
    if (roles.has(rpc::gateway_name)) auth_client_ = auth;
    std::shared_ptr<const tokens::Keyring> fixed_keys;
    if (settings.tokens.algorithm == tokens::Algorithm::HS256) {
        fixed_keys = roles.has(rpc::gateway_name)
                         ? MERLON_TRY(tokens::Rings::of_secrets(settings.tokens)).access
                         : std::make_shared<const tokens::Keyring>(tokens::Keyring::none());
    }
    feed_.emplace(*auth, environment_.revocations, environment_.clock, std::move(fixed_keys));
    token_authority_ = std::make_unique<identity::RemoteTokenAuthority>(*auth);
    return {};
}

const tokens::CurrentKeys& BuiltInRoles::keys() {
    if (identity_) return identity_->keys();
    return feed_ ? feed_->keys() : *secret_keys_;
}

Result<> BuiltInRoles::reload(const config::Settings& settings) {
    if (identity_) return wait(identity_->reload(settings.tokens, settings.roles));
    if (secret_keys_) secret_keys_->replace(MERLON_TRY(keys_of_secret(settings.tokens)));
    return {};
}

Result<rpc::Client*> BuiltInRoles::client_of(const config::Settings& settings, std::string_view to,
                                             std::string_view as) {
    auto addresses = MERLON_TRY(rpc::addresses_of(settings.fleet, to, as));
    clients_.push_back({std::string(to), std::string(as),
                        std::make_unique<rpc::Client>(
                            client_loop_, std::string(to), std::move(addresses),
                            rpc::ClientEnvironment{environment_.clock, environment_.resolver,
                                                   environment_.entropy, environment_.metrics})});
    return clients_.back().client.get();
}

std::vector<rpc::PeriodicTask> BuiltInRoles::periodic_tasks() {
    std::vector<rpc::PeriodicTask> tasks;
    if (identity_) {
        tasks.push_back({"auth.clean_up", std::chrono::seconds{60},
                         [auth = identity_.get()] { return auth->clean_up(); }});
        tasks.push_back({"auth.sweep_keys", identity::AbandonedKeys::interval,
                         [auth = identity_.get()] { return auth->sweep_keys(); }});
    }
    for (const auto& [name, role] : open_) {
        for (rpc::PeriodicTask& task : role->periodic_tasks()) tasks.push_back(std::move(task));
    }
    return tasks;
}

Result<> BuiltInRoles::renew_certificates(const config::Settings& settings) {
    std::vector<rpc::Addresses> addresses;
    for (const NamedClient& one : clients_) {
        addresses.push_back(MERLON_TRY(rpc::addresses_of(settings.fleet, one.to, one.as)));
    }
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        clients_[i].client->replace(std::move(addresses[i]));
    }
    return {};
}

// Null: not in this process.
api::LocalService* BuiltInRoles::local(std::string_view role) {
    if (role == identity::auth_role) return identity_.get();
    const auto found = open_.find(role);
    return found == open_.end() ? nullptr : found->second.get();
}

Result<std::vector<gateway::BuiltInRole>> BuiltInRoles::roles_for_gateway(
    const config::Settings& settings) {
    std::vector<gateway::BuiltInRole> seen;
    for (const rpc::RoleDefinition* role : installation::enabled_roles(settings)) {
        if (roles_->has(role->name)) {
            seen.push_back({&role->table(), local(role->name)});
            continue;
        }
        seen.push_back(
            {&role->table(), nullptr,
             MERLON_TRY(rpc::addresses_of(settings.fleet, role->name, rpc::gateway_name)),
             MERLON_TRY(rpc::id_of(settings.fleet, role->name))});
    }
    return seen;
}

std::vector<rpc::OfferedMethod> BuiltInRoles::methods_of(std::string_view role) {
    return role == identity::auth_role ? auth_methods() : open_.find(role)->second->methods();
}

std::vector<rpc::OfferedMethod> BuiltInRoles::auth_methods() {
    std::vector<rpc::OfferedMethod> methods = identity::accounts_methods(*accounts_);
    methods.push_back(identity::feed_method_of(identity_->feed()));
    methods.push_back(identity::verify_method_of([this](std::string_view token) -> Result<> {
        const tokens::AccessToken verified =
            MERLON_TRY(verifier_->verify_access(token, environment_.clock.wall()));
        return environment_.revocations.require_live(verified);
    }));
    methods.push_back(
        audit::events_method([environment = environment_](std::vector<events::Event> batch) {
            return audit::keep_events(environment.stores.refusals(), environment.stores.keys(),
                                      &environment.entropy, std::move(batch));
        }));
    return methods;
}

// Keys where the process has them: auth's own, or those that auth publishes. A shared secret is
// auth's and the gateway's alone, so other roles have auth verify them.
rpc::TokenRules BuiltInRoles::token_rules(const config::Settings& settings) {
    const gateway::RevocationSettings& revocation = settings.gateway.revocation;
    rpc::TokenRules rules{{settings.tokens.issuer, settings.tokens.audience},
                          environment_.revocations};
    rules.authority = token_authority_.get();
    if (identity_) {
        rules.keys = &identity_->keys();
    } else if (settings.tokens.algorithm != tokens::Algorithm::HS256) {
        rules.keys = &feed_->keys();
    }
    if (revocation.when_stale == gateway::WhenStale::Closed) {
        rules.closed_after = revocation.stale_after;
    }
    return rules;
}

Result<std::vector<BuiltInRoles::Offered>> BuiltInRoles::offered(const config::Settings& settings) {
    std::vector<Offered> all;
    if (roles_->is_whole()) return all;
    if (identity_) {
        verified_roles_ = settings.roles;
        verifier_.emplace(tokens::ClaimRules{settings.tokens.issuer, settings.tokens.audience},
                          identity_->keys(), tokens::TrustedIssuers(), *verified_roles_);
    }
    for (const auto& [name, role] : settings.fleet.roles) {
        api::LocalService* service = local(name);
        if (service == nullptr) continue;
        rpc::OfferedRole::Names names{MERLON_TRY(rpc::id_of(settings.fleet, name)), {}, {}};
        for (const std::string& caller : role.callers) {
            names.gateways.push_back(MERLON_TRY(rpc::id_of(settings.fleet, caller)));
        }
        names.roles.emplace(rpc::gateway_name,
                            MERLON_TRY(rpc::id_of(settings.fleet, rpc::gateway_name)));
        for (const auto& [other, ignored] : settings.fleet.roles) {
            names.roles.emplace(other, MERLON_TRY(rpc::id_of(settings.fleet, other)));
        }
        all.push_back({service->table().role,
                       MERLON_TRY(rpc::OfferedRole::make(
                           *service, methods_of(name), std::move(names), settings.roles,
                           token_rules(settings), settings.gateway.names))});
    }
    return all;
}

}  // namespace merlon::server
