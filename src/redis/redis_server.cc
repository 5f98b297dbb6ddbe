// Counting the clients that do not reach the server.
#include "redis/redis_server.h"

#include <fmt/format.h>

namespace merlon::redis {

Result<std::unique_ptr<RedisServer>> RedisServer::make(
    std::shared_ptr<const RedisSettings> settings, metrics::Registry& metrics,
    std::function<void(const std::string& line)> tell) {
    auto address = std::make_shared<http::UpstreamAddress>();
    address->host = settings->host;
    address->port = settings->port;
    address->authority = fmt::format("{}:{}", settings->host, settings->port);
    if (settings->has_tls) {
        address->tls = MERLON_TRY(
            net::TlsClientContext::make({settings->ca_path, settings->certificate, settings->key}));
    }
    std::unique_ptr<RedisServer> server(
        new RedisServer(std::move(settings), metrics, std::move(tell)));
    server->address_ = std::move(address);
    return server;
}

RedisServer::RedisServer(std::shared_ptr<const RedisSettings> settings, metrics::Registry& metrics,
                         std::function<void(const std::string& line)> tell)
    : settings_(std::move(settings)),
      up_(metrics.gauge("merlon_store_up", "whether the store answers: 1, or 0",
                        {{"store", "state"}})),
      tell_(std::move(tell)) {}

void RedisServer::came_up() {
    const Lock lock(mutex_);
    if (away_ == 0) up_.set(1);
}

void RedisServer::came_back() {
    const Lock lock(mutex_);
    if (--away_ > 0) return;
    up_.set(1);
    tell_(fmt::format("state: {} is back", address_->authority));
}

void RedisServer::went_away(const std::string& why) {
    const Lock lock(mutex_);
    up_.set(0);
    if (++away_ > 1) return;
    tell_(fmt::format("state: {} is away, this process goes on by itself: {}", address_->authority,
                      why));
}

void RedisServer::refused(const std::string& why) {
    const Lock lock(mutex_);
    if (why == refusal_told_) return;
    refusal_told_ = why;
    tell_(fmt::format("state: {} refuses a command: {}", address_->authority, why));
}

}  // namespace merlon::redis
