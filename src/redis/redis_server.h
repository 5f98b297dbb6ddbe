// One Redis server as a process sees it: where it is, and whether the connections of the workers
// reach it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/mutex.h"
#include "http/client.h"
#include "redis/settings.h"

namespace merlon::redis {

// Resource; safe from every thread. Outlives the clients.
class RedisServer final {
public:
    // `tell` gets a line for the operator when the server goes away and when it is back. Errors:
    // "tls.…", the detail naming the file.
    static Result<std::unique_ptr<RedisServer>> make(
        std::shared_ptr<const RedisSettings> settings, metrics::Registry& metrics,
        std::function<void(const std::string& line)> tell);

    const RedisSettings& settings() const { return *settings_; }
    const std::shared_ptr<const http::UpstreamAddress>& address() const { return address_; }

    // A client's connection serves: for the first time or again after a short break, or after it
    // was away.
    void came_up();
    void came_back();
    // It does not, and why.
    void went_away(const std::string& why);
    // One command failed although the server is there: a key of somebody else's, say.
    void refused(const std::string& why);

private:
    RedisServer(std::shared_ptr<const RedisSettings> settings, metrics::Registry& metrics,
                std::function<void(const std::string& line)> tell);

    const std::shared_ptr<const RedisSettings> settings_;
    std::shared_ptr<const http::UpstreamAddress> address_;
    metrics::Gauge& up_;
    const std::function<void(const std::string& line)> tell_;

    Mutex mutex_;
    // Clients whose connection does not serve.
    std::size_t away_ MERLON_GUARDED_BY(mutex_) = 0;
    std::string refusal_told_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::redis
