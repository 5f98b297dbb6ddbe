// Opens the built-in roles of one process, and connects each to the roles that it calls: directly,
// or over the network where they run in other processes.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "config/settings.h"
#include "events/refusals.h"
#include "gateway/snapshot/snapshot.h"
#include "identity/identity.h"
#include "identity/remote/feed_port.h"
#include "identity/remote/token_authority.h"
#include "installation/role_set.h"
#include "installation/stores.h"
#include "ports/account_directory.h"
#include "rpc/role.h"
#include "rpc/role_handler.h"

namespace merlon::server {

// What the roles work with. Borrowed for life.
struct BuiltInEnvironment {
    installation::Stores& stores;
    tokens::Revocations& revocations;
    events::Refusals& refusals;
    events::EventSink& events;
    metrics::Registry& metrics;
    const Clock& clock;
    Entropy& entropy;
    dns::Resolver& resolver;
};

// Resource.
class BuiltInRoles final {
public:
    explicit BuiltInRoles(BuiltInEnvironment environment) : environment_(environment) {}
    ~BuiltInRoles();

    // The auth role alone. `redis` is borrowed for life; null: there is no Redis.
    // Errors: those of Identity::open.
    Result<> open_auth(const config::Settings& settings, identity::RedisState* redis);
    // All of `roles`, auth too, and the clients of those that they call. Errors: those of the
    // roles, and of the certificates where roles run elsewhere.
    Result<> open(const config::Settings& settings, const installation::RoleSet& roles,
                  identity::RedisState* redis);

    // Keys, issuer and roles of a reload, wherever they are kept in this process. Errors: those of
    // Identity::reload and tokens::Rings::of_secrets; then the old ones stay.
    Result<> reload(const config::Settings& settings);

    // Null where auth is not in this process.
    identity::Identity* auth() { return identity_.get(); }
    // By which the gateway verifies our tokens: auth's, those that auth publishes, or, where there
    // is no auth, those of the shared secret.
    const tokens::CurrentKeys& keys();
    // The feed of keys and revocations from auth; null where auth is in this process.
    identity::AuthFeed* feed() { return feed_ ? &*feed_ : nullptr; }
    // The gateway's client of auth, where auth is in another process; else null.
    rpc::Client* auth_client() { return auth_client_; }
    // Of all roles of this process.
    std::vector<rpc::PeriodicTask> periodic_tasks();

    // Reads the certificates again. Errors: those of the certificates; then the old ones stay.
    Result<> renew_certificates(const config::Settings& settings);

    // For the gateway's snapshot. Errors: those of the certificates.
    Result<std::vector<gateway::BuiltInRole>> roles_for_gateway(const config::Settings& settings);
    // The roles that this process serves to other processes; empty when all roles are here. Errors:
    // those of OfferedRole::make.
    struct Offered {
        std::string_view name;
        std::unique_ptr<const rpc::OfferedRole> role;
    };
    Result<std::vector<Offered>> offered(const config::Settings& settings);

private:
    Result<> open_role(const rpc::RoleDefinition& role);
    Result<> connect_to_auth(const config::Settings& settings, const installation::RoleSet& roles);
    Result<rpc::Client*> client_of(const config::Settings& settings, std::string_view to,
                                   std::string_view as);
    api::LocalService* local(std::string_view role);
    std::vector<rpc::OfferedMethod> methods_of(std::string_view role);
    std::vector<rpc::OfferedMethod> auth_methods();
    rpc::TokenRules token_rules(const config::Settings& settings);

    BuiltInEnvironment environment_;
    std::optional<installation::RoleSet> roles_;  // set by open()
    rpc::ClientLoop client_loop_;
    // Calls the role `to` with the certificate of the role `as`. Calls end with the loop.
    struct NamedClient {
        std::string to;
        std::string as;
        std::unique_ptr<rpc::Client> client;
    };
    std::vector<NamedClient> clients_;
    rpc::Client* auth_client_ = nullptr;
    std::unique_ptr<identity::Identity> identity_;
    std::unique_ptr<ports::AccountDirectory> accounts_;  // of identity_
    rpc::Ports ports_;
    std::map<std::string_view, std::unique_ptr<rpc::Role>> open_;  // by name, without auth
    std::optional<identity::AuthFeed> feed_;
    std::optional<tokens::CurrentKeys> secret_keys_;        // of an installation without auth
    std::unique_ptr<rpc::TokenAuthority> token_authority_;  // where auth is not here
    // In auth's process: they verify tokens for processes that hold no key.
    std::optional<access::Roles> verified_roles_;
    std::optional<tokens::Verifier> verifier_;
};

}  // namespace merlon::server
