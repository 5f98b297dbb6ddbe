// The built-in roles of one process, each joined with those it calls: directly, or over HTTP where
// they run elsewhere.
#pragma once

#include <memory>
#include <optional>

#include "app/account_directory.h"
#include "app/event_store.h"
#include "app/role_set.h"
#include "app/stores.h"
#include "config/settings.h"
#include "events/refusals.h"
#include "fleet/accounts_port.h"
#include "fleet/feed_port.h"
#include "fleet/role_handler.h"
#include "fleet/stock_port.h"
#include "gateway/snapshot.h"
#include "services/orders.h"
#include "services/products.h"
#include "services/users.h"

namespace merlon::app {

// What they work with. Borrowed for life.
struct BuiltInParts {
    Stores& stores;
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
    Result<> open(const config::Settings& settings, const RoleSet& roles,
                  identity::SharedState* shared);

    // Null where it is not in this process.
    identity::Identity* auth() { return identity_.get(); }
    services::Orders* orders() { return orders_.get(); }
    // Where the gateway is here and auth is not.
    fleet::AuthFeed* feed() { return feed_ ? &*feed_ : nullptr; }
    fleet::PortClient* auth_client() { return auth_client_; }

    // The certificates have changed. Errors: those of the certificates; then nothing has changed.
    Result<> renew_certificates(const config::Settings& settings);

    // As the gateway sees them. Errors: those of the certificates.
    Result<std::vector<gateway::BuiltInRole>> seen_by_gateway(const config::Settings& settings);
    // Those that this process offers to others; empty when all are here. Errors: those of
    // OfferedRole::make.
    struct Offered {
        std::string_view name;
        std::unique_ptr<const fleet::OfferedRole> role;
    };
    Result<std::vector<Offered>> offered(const config::Settings& settings);

private:
    Result<fleet::PortClient*> client_of(const config::Settings& settings, std::string_view to,
                                         std::string_view as);
    Result<> open_users(const config::Settings& settings);
    Result<> open_orders(const config::Settings& settings);
    std::vector<fleet::Port> ports_of(std::string_view role);
    http::LocalService* local(std::string_view role);

    BuiltInParts parts_;
    RoleSet roles_;
    fleet::PortLoop port_loop_;
    // Each from one role to another, with the certificate of the first. Their calls end with the
    // loop.
    struct Client {
        std::string to;
        std::string as;
        std::unique_ptr<fleet::PortClient> port;
    };
    std::vector<Client> clients_;
    fleet::PortClient* auth_client_ = nullptr;  // the gateway's
    std::unique_ptr<identity::Identity> identity_;
    std::unique_ptr<services::AccountDirectory> accounts_;
    std::unique_ptr<services::Users> users_;
    std::unique_ptr<services::Products> products_;
    std::unique_ptr<services::Stock> remote_stock_;
    std::unique_ptr<services::Orders> orders_;
    std::optional<fleet::AuthFeed> feed_;
};

}  // namespace merlon::app
