// One event loop on one thread, with listeners of its own: the gateway's, and those of roles.
#pragma once

#include <memory>
#include <vector>

#include "gateway/redirector.h"
#include "gateway/request_path.h"
#include "http/server.h"
#include "rpc/role_handler.h"

namespace merlon::server {

// Resource. Filled before run(); from then on its loop's.
class Worker final {
public:
    explicit Worker(http::ConnectionTable::Limits connections_max)
        : connections_max_(connections_max) {
        deadlines_.start();
    }

    // The gateway's request path and its server. Once.
    http::Server& add_gateway(const http::ServerSettings& settings, gateway::SharedResources shared,
                              std::shared_ptr<const gateway::Snapshot> snapshot,
                              std::shared_ptr<const net::TlsServerContext> tls);
    // The server of listeners in the clear that send everybody to https. After add_gateway(); once.
    http::Server& add_redirect(const http::ServerSettings& settings, const Clock& clock);
    // A role's own server. Borrows the last three for life.
    http::Server& add_role(const http::ServerSettings& settings,
                           std::shared_ptr<const net::TlsServerContext> tls,
                           const rpc::OfferedRole& role, const Clock& clock,
                           events::Refusals& refusals);

    Executor executor() { return loop_.get_executor(); }
    // Null without a gateway.
    gateway::RequestPath* path() { return path_.get(); }
    http::Server* gateway_server() { return gateway_server_; }
    http::Server* redirect_server() { return redirect_server_; }
    // The gateway's first, then those of roles in the order of their adding.
    std::span<const std::unique_ptr<http::Server>> servers() const { return servers_; }
    std::span<const std::unique_ptr<http::Server>> role_servers() const {
        return servers().subspan((gateway_server_ != nullptr ? 1 : 0) +
                                 (redirect_server_ != nullptr ? 1 : 0));
    }
    std::size_t connection_count() const;
    std::uint64_t refused_connection_count() const;

    void run() { loop_.run(); }
    void stop() { loop_.stop(); }

private:
    http::ConnectionTable::Limits connections_max_;
    // Members are destroyed in reverse order: the loop last, since the others wait on it.
    asio::io_context loop_{1};
    net::Deadlines deadlines_{loop_.get_executor()};
    std::unique_ptr<gateway::RequestPath> path_;
    std::unique_ptr<gateway::Redirector> redirector_;
    std::vector<std::unique_ptr<rpc::RoleHandler>> roles_;
    std::vector<std::unique_ptr<http::Server>> servers_;
    http::Server* gateway_server_ = nullptr;
    http::Server* redirect_server_ = nullptr;
};

}  // namespace merlon::server
