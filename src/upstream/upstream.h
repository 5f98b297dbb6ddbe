// A service's upstream targets as one worker sees them: kept connections, load, health.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/client.h"
#include "upstream/settings.h"

namespace merlon::upstream {

// http://host:port, https://host:port or unix:/path, without a TLS context: that reads
// certificates, those of the system are a hundred and more. Errors: "upstream.url".
Result<http::UpstreamAddress> parse_upstream_url(const std::string& url);
// The same with what TLS needs; `tls` is for https. Errors also those of TlsClientContext::make.
Result<std::shared_ptr<const http::UpstreamAddress>> parse_upstream(
    const std::string& url, const net::TlsClientSettings& tls);

// Resource of a worker; it outlives the loans. A target is chosen for every request: the one with
// the fewest open requests among those in health, in turn where several are equal. When none is in
// health, all are tried: a guess is better than a refusal.
//
// Passive health: a target that fails several times in a row rests, longer each time, and after the
// rest has one chance.
class Upstream final {
public:
    static constexpr std::size_t targets_max = 64;
    // Kept per target. More would outlive the burst that made them.
    static constexpr std::size_t idle_max = 64;
    // Shorter than the five seconds after which Node's server closes a quiet connection.
    static constexpr std::chrono::seconds idle_time{4};
    // Requests one worker has open towards a service; beyond, callers get 503 at once.
    static constexpr std::size_t open_max = 1'024;
    static constexpr std::chrono::seconds connect_timeout{5};
    static constexpr int failures_max = 3;
    static constexpr std::chrono::seconds rest_first{5};
    static constexpr std::chrono::seconds rest_max{160};

    Upstream(const std::string& service,
             std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses,
             net::Deadlines& deadlines, metrics::Registry& metrics);

    // A connection leased for one request. Ends by itself: the connection goes, and nobody is
    // blamed, since most often the client went away.
    class Lease {
    public:
        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        http::ClientConnection& connection() const { return *connection_; }
        bool is_reused() const { return is_reused_; }

        // The answer ended cleanly: keeps the connection when it can serve again.
        void give_back();
        // The target failed: its health is worse for it.
        void blame();

    private:
        friend class Upstream;
        Lease(Upstream& upstream, std::size_t target);

        Upstream* upstream_;
        std::size_t target_;
        bool is_reused_ = false;
        std::unique_ptr<http::ClientConnection> connection_;
    };

    // A kept connection to the best target, if it has one.
    std::optional<Lease> reuse();
    // A new connection. A target that does not accept gives way to the next best one: nothing of
    // the request was sent. Errors, of the last one tried: "upstream.unavailable",
    // "upstream.timeout".
    Task<Lease> connect();

    // What an active check found out about a target.
    void note_check(std::size_t target, bool is_alive);
    // Closes kept connections whose time is over. Once a second.
    void prune();

    std::size_t target_count() const { return targets_.size(); }
    const std::shared_ptr<const http::UpstreamAddress>& address(std::size_t target) const {
        return targets_[target].address;
    }
    std::size_t open_count() const { return open_; }
    // Time from a request's start to the head of its answer.
    metrics::Histogram& durations() { return durations_; }

private:
    struct Idle {
        std::unique_ptr<http::ClientConnection> connection;
        std::uint64_t until_tick;
    };
    struct Target {
        std::shared_ptr<const http::UpstreamAddress> address;
        metrics::Gauge& healthy;
        std::vector<Idle> idle;  // the last one used last
        std::size_t open = 0;
        int failures = 0;              // in a row
        int rests = 0;                 // in a row
        std::uint64_t rest_until = 0;  // tick
        bool is_alive = true;          // as active checks say
    };

    // Among those that are not in `tried`, a bit each; nothing when all are.
    std::optional<std::size_t> choose(std::uint64_t tried) const;
    bool is_healthy(const Target& target) const {
        return target.is_alive && target.rest_until <= deadlines_.now_tick();
    }
    void note_failure(Target& target);

    std::vector<Target> targets_;
    net::Deadlines& deadlines_;
    metrics::Histogram& durations_;
    std::size_t open_ = 0;
    std::size_t turn_ = 0;  // where choose() begins to look
};

}  // namespace merlon::upstream
