// The built-in roles of one process, each joined with those it calls: directly, or over HTTP where
// they run elsewhere.
#pragma once

#include <memory>
#include <optional>

#include "audit/event_store.h"
#include "config/settings.h"
#include "events/refusals.h"
#include "gateway/snapshot/snapshot.h"
#include "identity/remote/accounts_port.h"
#include "identity/remote/feed_port.h"
#include "identity/remote/token_authority.h"
#include "installation/role_set.h"
#include "installation/stores.h"
#include "orders/orders.h"
#include "products/products.h"
#include "products/remote/stock_methods.h"
#include "rpc/role_handler.h"
#include "server/account_directory.h"
#include "users/users.h"

namespace merlon::server {

// What they work with. Borrowed for life.
struct BuiltInParts {
    installation::Stores& stores;
    tokens::Revocations& revocations;
    events::Refusals& refusals;
    events::EventSink& events;
    metrics::Registry& metrics;
    const Clock& clock;
    Entropy& entropy;
};

// Resource.
class BuiltIns final {
public:
    explicit BuiltIns(BuiltInParts parts) : parts_(parts) {}
    ~BuiltIns();

    // The auth role alone. `shared` is borrowed for life; null: there is no Redis.
    // Errors: those of Identity::open.
    Result<> open_auth(const config::Settings& settings, identity::SharedState* shared);
    // All of `roles`, auth too, and the way to the others. Errors: those of the roles, and of the
    // certificates where roles run elsewhere.
    Result<> open(const config::Settings& settings, const installation::RoleSet& roles,
                  identity::SharedState* shared);

    // Null where it is not in this process.
    identity::Identity* auth() { return identity_.get(); }
    orders::Orders* orders() { return orders_.get(); }
    // Where auth is not here. Every process verifies tokens by it.
    identity::AuthFeed* feed() { return feed_ ? &*feed_ : nullptr; }
    rpc::Client* auth_client() { return auth_client_; }

    // The certificates have changed. Errors: those of the certificates; then nothing has changed.
    Result<> renew_certificates(const config::Settings& settings);

    // As the gateway sees them. Errors: those of the certificates.
    Result<std::vector<gateway::BuiltInRole>> seen_by_gateway(const config::Settings& settings);
    // Those that this process offers to others; empty when all are here. Errors: those of
    // OfferedRole::make.
    struct Offered {
        std::string_view name;
        std::unique_ptr<const rpc::OfferedRole> role;
    };
    Result<std::vector<Offered>> offered(const config::Settings& settings);

private:
    Result<rpc::Client*> client_of(const config::Settings& settings, std::string_view to,
                                   std::string_view as);
    Result<> open_users(const config::Settings& settings);
    Result<> open_orders(const config::Settings& settings);
    std::vector<rpc::OfferedMethod> methods_of(std::string_view role);
    rpc::TokenRules token_rules(const config::Settings& settings);
    api::LocalService* local(std::string_view role);

    BuiltInParts parts_;
    installation::RoleSet roles_;
    rpc::ClientLoop port_loop_;
    // Each from one role to another, with the certificate of the first. Their calls end with the
    // loop.
    struct Client {
        std::string to;
        std::string as;
        std::unique_ptr<rpc::Client> port;
    };
    std::vector<Client> clients_;
    rpc::Client* auth_client_ = nullptr;                    // the gateway's
    std::unique_ptr<rpc::TokenAuthority> token_authority_;  // where auth is not here
    // Of auth's own process: it verifies for those that hold no key.
    std::optional<access::Roles> verified_roles_;
    std::optional<tokens::Verifier> verifier_;
    std::unique_ptr<identity::Identity> identity_;
    std::unique_ptr<ports::AccountDirectory> accounts_;
    std::unique_ptr<users::Users> users_;
    std::unique_ptr<products::Products> products_;
    std::unique_ptr<ports::Stock> remote_stock_;
    std::unique_ptr<orders::Orders> orders_;
    std::optional<identity::AuthFeed> feed_;
};

}  // namespace merlon::server
