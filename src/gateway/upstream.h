// A service's upstream targets as one worker sees them: kept connections, load, health.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "gateway/settings.h"
#include "http/client.h"

namespace merlon::gateway {

// http://host:port, https://host:port or unix:/path. Errors: "upstream.url", and those of
// TlsClientContext::make.
Result<std::shared_ptr<const http::UpstreamAddress>> parse_upstream(const std::string& url,
                                                                    const ServiceSettings& service);

// Resource of a worker. A connection is lent for one request and comes back only when its answer
// ended cleanly.
class Upstream final {
public:
    // Kept per target. More would outlive the burst that made them.
    static constexpr std::size_t idle_max = 64;
    // Shorter than the five seconds after which Node's server closes a quiet connection.
    static constexpr std::chrono::seconds idle_time{4};
    // Requests one worker has open towards a service; beyond, callers get 503 at once.
    static constexpr std::size_t open_max = 1'024;
    static constexpr std::chrono::seconds connect_timeout{5};

    Upstream(std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses,
             http::Deadlines& deadlines);

    enum class Fresh : std::uint8_t { No, Yes };

    // A connection on loan.
    struct Loan {
        std::unique_ptr<http::ClientConnection> connection;
        std::size_t target = 0;
        bool is_reused = false;
    };

    // From the target with the fewest open requests among those in health: a kept connection, or a
    // new one, which Fresh::Yes insists on.
    // Errors: "upstream.unavailable", "upstream.timeout".
    Task<Loan> borrow(Fresh fresh);
    // Ends a loan: keeps the connection when it can serve again.
    void give_back(Loan loan);
    // The same after a failure: the connection goes, and the target's health is worse for it.
    void give_up(Loan loan);

private:
    struct Idle {
        std::unique_ptr<http::ClientConnection> connection;
        std::uint64_t until_tick;
    };
    struct Target {
        std::shared_ptr<const http::UpstreamAddress> address;
        std::vector<Idle> idle;  // the last one used last
        std::size_t open = 0;
        int failures = 0;                 // in a row
        std::uint64_t ejected_until = 0;  // tick
    };

    std::size_t choose() const;
    void note_failure(Target& target);

    std::vector<Target> targets_;
    http::Deadlines& deadlines_;
    std::size_t open_ = 0;
};

}  // namespace merlon::gateway
