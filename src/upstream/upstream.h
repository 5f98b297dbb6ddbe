// A service's upstream targets as one worker sees them: their addresses, kept connections, load and
// health.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/entropy.h"
#include "base/metrics.h"
#include "dns/resolver.h"
#include "http/client.h"
#include "upstream/places.h"
#include "upstream/race.h"
#include "upstream/settings.h"
#include "upstream/target.h"

namespace merlon::upstream {

// http://host:port, https://host:port or unix:/path, without a TLS context: that reads
// certificates, those of the system are a hundred and more. Errors: "upstream.url".
Result<http::UpstreamAddress> parse_upstream_url(const std::string& url);
// The same with what TLS needs; `tls` is for https. Errors also those of TlsClientContext::make.
Result<std::shared_ptr<const http::UpstreamAddress>> parse_upstream(
    const std::string& url, const net::TlsClientSettings& tls);

// What a worker's upstreams use. Borrowed; all of it outlives them.
struct UpstreamContext {
    Executor executor;
    net::Deadlines& deadlines;
    const Clock& clock;
    dns::Resolver& resolver;
    Entropy& entropy;
    metrics::Registry& metrics;
};

// Resource of a worker; it outlives the leases. Every address that a configured name has is a
// target of its own. One is chosen for every request: the one with the fewest open requests among
// those in health, in turn where several are equal. When none is in health, all are tried: a guess
// is better than a refusal.
//
// Passive health: a target that cannot be reached rests at once, one that fails or answers 500 and
// above several times in a row too, longer each time, and after the rest has one chance.
class Upstream final {
public:
    // Of a service: configured ones, and addresses of all of them.
    static constexpr std::size_t targets_max = 64;
    // Shorter than the five seconds after which Node's server closes a quiet connection.
    static constexpr std::chrono::seconds idle_time{4};
    static constexpr std::chrono::seconds connect_timeout{5};
    static constexpr int failures_max = 3;
    static constexpr int server_errors_max = 5;
    static constexpr std::chrono::seconds rest_first{5};
    static constexpr std::chrono::seconds rest_max{160};

    Upstream(const std::string& service,
             std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses,
             const PoolSettings& pool, const UpstreamContext& context);

    // A connection leased for one request. Ends by itself: the connection goes, and nobody is
    // blamed, since most often the client went away.
    class Lease {
    public:
        http::ClientConnection& connection() const { return *connection_; }
        bool is_reused() const { return is_reused_; }
        // Of its target, never given to another.
        std::uint64_t target_number() const { return use_.target().number; }

        // What the target answered.
        void note_status(int status);
        // The answer ended cleanly: keeps the connection when it can serve again.
        void give_back();
        // The target failed: its health is worse for it.
        void blame();

    private:
        friend class Upstream;
        Lease(Upstream& upstream, Target& target) : upstream_(&upstream), use_(target) {
            upstream.turn_ = target.number + 1;
        }

        Upstream* upstream_;
        TargetUse use_;
        bool is_reused_ = false;
        std::uint64_t made_at_tick_ = 0;
        std::unique_ptr<http::ClientConnection> connection_;
    };

    // A place for one request of this client. Errors: those of Places::enter.
    Result<Places::Place> enter(std::string_view client) { return places_.enter(client); }
    // A kept connection to the best target, if it has one.
    std::optional<Lease> reuse();
    // A new connection. A target that does not accept gives way to the next best one: nothing of
    // the request was sent. `abandonment`, which may be null, ends the wait; `but`: the number of a
    // target that is not asked when there is another.
    // Errors, of the last one tried: "upstream.unavailable", "upstream.timeout";
    // http::client_left_rule.
    Task<Lease> connect(Abandonment* abandonment = nullptr, std::optional<std::uint64_t> but = {});

    // The targets as they are now. They stay until the next call of anything here.
    const std::vector<std::unique_ptr<Target>>& targets();
    // What an active check found out about the target of this number.
    void note_check(std::uint64_t number, bool is_well, int failures_max);
    // Closes kept connections whose time is over, tells the metrics. Once a second.
    void prune();

    std::size_t open(Work work) const { return places_.open(work); }
    // Time from a request's start to the head of its answer.
    metrics::Histogram& durations() { return durations_; }

private:
    // A configured address.
    struct Origin {
        std::shared_ptr<const http::UpstreamAddress> address;
        std::shared_ptr<dns::FollowedName> name;  // null: a Unix socket
        metrics::Gauge& healthy;
        metrics::Gauge& address_count;
        std::uint64_t generation = 0;  // of the name, that targets_ has
    };

    // Brings the targets up to what the names say.
    void follow_names();
    void replace_targets(std::size_t origin);
    void add_target(std::size_t origin, http::Endpoint endpoint);
    Task<> await_names(SteadyTime deadline);
    // Why there is no target.
    Error no_address() const;
    // Whether the names have other addresses than those that were tried in vain.
    Task<bool> find_others(SteadyTime deadline);
    // Among those that `may` be; null when none may.
    template <class May>
    Target* choose(May may);
    bool is_healthy(const Target& target) const {
        return target.is_healthy_at(context_.deadlines.now_tick());
    }
    Lease lease(Target& target, std::unique_ptr<http::ClientConnection> connection,
                std::uint64_t made_at_tick, bool is_reused);
    void note_failure(Target& target);
    void note_unreachable(Target& target);
    void let_rest(Target& target);
    void tell_health(std::size_t origin);

    UpstreamContext context_;
    PoolSettings pool_;
    Places places_;
    std::vector<Origin> origins_;
    std::vector<std::unique_ptr<Target>> targets_;
    std::vector<std::unique_ptr<Target>> leaving_;  // gone, with requests still open
    metrics::Histogram& durations_;
    std::uint64_t targets_made_ = 0;
    std::uint64_t turn_ = 0;  // the number of the target at which choose() begins to look
};

}  // namespace merlon::upstream
