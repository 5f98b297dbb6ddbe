// Read open() first.
#include "server/built_ins.h"

#include "audit/remote/events_port.h"
#include "base/wait.h"
#include "identity/store/schema.h"
#include "rpc/identities.h"
#include "rpc/names.h"

namespace merlon::server {
namespace {

api::Parts parts_of(const BuiltInParts& parts, std::string_view role) {
    return {parts.stores.database_of(role), parts.clock, parts.entropy};
}

// By whose certificate a process without auth asks auth.
std::string_view first_role(const installation::RoleSet& roles) {
    if (roles.gateway) return rpc::gateway_name;
    if (roles.users) return users::users_role;
    return roles.products ? products::products_role : orders::orders_role;
}

}  // namespace

BuiltIns::~BuiltIns() { port_loop_.stop(); }

Result<> BuiltIns::open_auth(const config::Settings& settings, identity::SharedState* shared) {
    identity_ = MERLON_TRY(wait(identity::Identity::open(
        {parts_.stores.database_of(identity::auth_role), *parts_.stores.keys(), parts_.revocations,
         parts_.refusals, parts_.events, parts_.metrics, parts_.clock, parts_.entropy, shared},
        settings.tokens, settings.passwords, settings.roles)));
    return {};
}

Result<> BuiltIns::open(const config::Settings& settings, const installation::RoleSet& roles,
                        identity::SharedState* shared) {
    roles_ = roles;
    const gateway::BuiltInServices& enabled = settings.gateway.built_in;
    if (roles.auth) {
        MERLON_TRY(open_auth(settings, shared));
    } else {
        rpc::Client* auth = MERLON_TRY(client_of(settings, "auth", first_role(roles)));
        if (roles.gateway) auth_client_ = auth;
        feed_.emplace(*auth, parts_.revocations, parts_.clock);
        token_authority_ = std::make_unique<identity::RemoteTokenAuthority>(*auth);
    }
    if (roles.users && enabled.users) MERLON_TRY(open_users(settings));
    if (roles.products && enabled.products) {
        products_ =
            MERLON_TRY(wait(products::Products::open(parts_of(parts_, products::products_role))));
    }
    if (roles.orders && enabled.orders) MERLON_TRY(open_orders(settings));
    if (!clients_.empty()) port_loop_.start();
    return {};
}

Result<> BuiltIns::open_users(const config::Settings& settings) {
    if (identity_) {
        accounts_ = std::make_unique<AccountDirectory>(*identity_);
    } else {
        accounts_ = std::make_unique<identity::RemoteAccounts>(
            *MERLON_TRY(client_of(settings, "auth", users::users_role)));
    }
    users_ = MERLON_TRY(wait(users::Users::open(parts_of(parts_, users::users_role),
                                                *parts_.stores.keys(), *accounts_)));
    return {};
}

// config has seen to it that there are products.
Result<> BuiltIns::open_orders(const config::Settings& settings) {
    if (!products_) {
        remote_stock_ = std::make_unique<products::RemoteStock>(
            *MERLON_TRY(client_of(settings, "products", orders::orders_role)));
    }
    ports::Stock& stock = products_ ? products_->stock() : *remote_stock_;
    orders_ = MERLON_TRY(wait(orders::Orders::open(parts_of(parts_, orders::orders_role), stock)));
    return {};
}

Result<rpc::Client*> BuiltIns::client_of(const config::Settings& settings, std::string_view to,
                                         std::string_view as) {
    auto addresses = MERLON_TRY(rpc::addresses_of(settings.fleet, to, as));
    clients_.push_back({std::string(to), std::string(as),
                        std::make_unique<rpc::Client>(port_loop_, std::string(to),
                                                      std::move(addresses), parts_.metrics)});
    return clients_.back().port.get();
}

Result<> BuiltIns::renew_certificates(const config::Settings& settings) {
    std::vector<rpc::Addresses> addresses;
    for (const Client& client : clients_) {
        addresses.push_back(MERLON_TRY(rpc::addresses_of(settings.fleet, client.to, client.as)));
    }
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        clients_[i].port->replace(std::move(addresses[i]));
    }
    return {};
}

api::LocalService* BuiltIns::local(std::string_view role) {
    if (role == "auth") return identity_.get();
    if (role == users::users_role) return users_.get();
    if (role == products::products_role) return products_.get();
    return orders_.get();
}

Result<std::vector<gateway::BuiltInRole>> BuiltIns::seen_by_gateway(
    const config::Settings& settings) {
    const gateway::BuiltInServices& enabled = settings.gateway.built_in;
    std::vector<gateway::BuiltInRole> seen;
    const auto add = [&](const api::RoleTable& table, bool is_here) -> Result<> {
        if (is_here) {
            seen.push_back({&table, local(table.role)});
            return {};
        }
        seen.push_back(
            {&table, nullptr,
             MERLON_TRY(rpc::addresses_of(settings.fleet, table.role, rpc::gateway_name)),
             MERLON_TRY(rpc::id_of(settings.fleet, table.role))});
        return {};
    };
    MERLON_TRY(add(identity::Identity::role_table(), roles_.auth));
    if (enabled.users) MERLON_TRY(add(users::Users::role_table(), roles_.users));
    if (enabled.products) MERLON_TRY(add(products::Products::role_table(), roles_.products));
    if (enabled.orders) MERLON_TRY(add(orders::Orders::role_table(), roles_.orders));
    return seen;
}

std::vector<rpc::OfferedMethod> BuiltIns::methods_of(std::string_view role) {
    std::vector<rpc::OfferedMethod> methods;
    if (role == "auth") {
        methods = identity::accounts_methods(*accounts_);
        methods.push_back(identity::feed_method_of(identity_->feed()));
        methods.push_back(identity::verify_method_of([this](std::string_view token) -> Result<> {
            const tokens::AccessToken verified =
                MERLON_TRY(verifier_->verify_access(token, parts_.clock.wall()));
            return parts_.revocations.require_live(verified);
        }));
        methods.push_back(audit::events_method([parts = parts_](std::vector<events::Event> batch) {
            return audit::keep_events(parts.stores.refusals(), parts.stores.keys(), &parts.entropy,
                                      std::move(batch));
        }));
    } else if (role == products::products_role) {
        methods = products::stock_methods(products_->stock());
    }
    return methods;
}

// Keys where the process has them: auth's own, or those that auth publishes. A shared secret is
// auth's and the gateway's alone, so other roles ask auth.
rpc::TokenRules BuiltIns::token_rules(const config::Settings& settings) {
    const gateway::RevocationSettings& revocation = settings.gateway.revocation;
    rpc::TokenRules rules{{settings.tokens.issuer, settings.tokens.audience}, parts_.revocations};
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

Result<std::vector<BuiltIns::Offered>> BuiltIns::offered(const config::Settings& settings) {
    std::vector<Offered> all;
    if (roles_.is_whole()) return all;
    if (identity_) {
        if (!accounts_) accounts_ = std::make_unique<AccountDirectory>(*identity_);
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
        all.push_back({service->table().role, MERLON_TRY(rpc::OfferedRole::make(
                                                  *service, methods_of(name), std::move(names),
                                                  settings.roles, token_rules(settings)))});
    }
    return all;
}

}  // namespace merlon::server
