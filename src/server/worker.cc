// Adds the HTTP servers of the gateway and of roles to a worker.
#include "server/worker.h"

#include <algorithm>

namespace merlon::server {

http::Server& Worker::add_gateway(const http::ServerSettings& settings,
                                  gateway::SharedResources shared,
                                  std::shared_ptr<const gateway::Snapshot> snapshot,
                                  std::shared_ptr<const net::TlsServerContext> tls) {
    path_ =
        std::make_unique<gateway::RequestPath>(shared, deadlines_, executor(), std::move(snapshot));
    servers_.push_back(std::make_unique<http::Server>(
        executor(), shared.clock, settings, *path_, deadlines_, std::move(tls), connections_max_));
    gateway_server_ = servers_.back().get();
    return *gateway_server_;
}

namespace {

// A redirect is one short exchange. Its connections come out of the files that are kept free, and
// are too few to use those up.
http::ConnectionTable::Limits redirect_connections(http::ConnectionTable::Limits gateway) {
    const std::size_t all = std::clamp<std::size_t>(gateway.all / 8, 16, 256);
    return {all, all / 2};
}

}  // namespace

http::Server& Worker::add_redirect(const http::ServerSettings& settings, const Clock& clock) {
    redirector_ = std::make_unique<gateway::Redirector>(*path_);
    servers_.push_back(std::make_unique<http::Server>(executor(), clock, settings, *redirector_,
                                                      deadlines_, nullptr,
                                                      redirect_connections(connections_max_)));
    redirect_server_ = servers_.back().get();
    return *redirect_server_;
}

http::Server& Worker::add_role(const http::ServerSettings& settings,
                               std::shared_ptr<const net::TlsServerContext> tls,
                               const rpc::OfferedRole& role, const Clock& clock,
                               events::Refusals& refusals) {
    roles_.push_back(std::make_unique<rpc::RoleHandler>(role, clock, refusals));
    servers_.push_back(std::make_unique<http::Server>(
        executor(), clock, settings, *roles_.back(), deadlines_, std::move(tls), connections_max_));
    return *servers_.back();
}

std::size_t Worker::connection_count() const {
    std::size_t sum = 0;
    for (const auto& server : servers_) sum += server->connection_count();
    return sum;
}

std::uint64_t Worker::refused_connection_count() const {
    std::uint64_t sum = 0;
    for (const auto& server : servers_) sum += server->refused_count();
    return sum;
}

}  // namespace merlon::server
