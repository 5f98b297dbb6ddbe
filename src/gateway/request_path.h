// The life of a request. Read serve() first: every stage of the gateway is a line in it.
#pragma once

#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "events/refusals.h"
#include "gateway/every_second.h"
#include "gateway/health_checker.h"
#include "gateway/limit_gate.h"
#include "gateway/proxy.h"
#include "gateway/snapshot.h"
#include "tokens/revocations.h"
#include "tokens/token_cache.h"
#include "wire/path.h"

namespace merlon::gateway {

// What all workers share. Borrowed.
struct Shared {
    const Clock& clock;
    Entropy& entropy;
    LimitTable& limits;
    events::Refusals& refusals;
    metrics::Registry& metrics;
    const tokens::Revocations& revocations;
};

// One worker's request path. One thread.
class RequestPath final : public http::Handler {
public:
    RequestPath(Shared shared, http::Deadlines& deadlines, Executor executor,
                std::shared_ptr<const Snapshot> snapshot);

    // A reload: requests that have begun keep the old configuration.
    void replace(std::shared_ptr<const Snapshot> snapshot);

    // What is under way, to be closed when a session is revoked.
    OpenStreams& open_streams() { return open_streams_; }

    ~RequestPath() override;

    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const Error& error) override;

private:
    // What is known of a request so far; the stages fill it.
    struct Request;
    struct Texts;
    class BorrowedTexts;

    Task<int> answer(http::Exchange& exchange, Request& request);
    void identify(const http::Exchange& exchange, Request& request);
    Result<> find_route(const http::Exchange& exchange, Request& request);
    Result<> check_origin(const http::Exchange& exchange, Request& request);
    Result<const access::Subject*> authenticate(const http::Exchange& exchange, Request& request);
    Result<> check_revocation(const tokens::AccessToken& token) const;
    void close_revoked_streams();
    Task<int> call_local(http::Exchange& exchange, Request& request);
    Task<int> refuse_with(http::Exchange& exchange, Request& request, Error error);
    void report(const Request& request, const Error& error);
    void measure(const http::Exchange& exchange, const Request& request, int status);

    Shared shared_;
    http::Deadlines& deadlines_;
    Executor executor_;
    LimitGate limit_gate_;
    BufferedEntropy entropy_;
    OpenStreams open_streams_;
    // Generations that open_streams_ was searched for.
    std::uint64_t revocations_seen_ = 0;
    std::uint64_t keys_seen_ = 0;
    // A configuration with this worker's upstreams and metrics of it. Shared by the requests that
    // began with it, since a reload may come while they wait.
    struct Active {
        std::shared_ptr<const Snapshot> snapshot;
        std::vector<std::unique_ptr<Upstream>> upstreams;  // by service
        std::vector<std::unique_ptr<HealthChecker>> checkers;
        // Histograms by route, method and status, so that a request does not look names up.
        std::unordered_map<std::uint64_t, metrics::Histogram*> durations;
        std::unordered_map<std::string_view, std::uint32_t> route_numbers;
        std::vector<std::unique_ptr<Texts>> spare_texts;  // between requests
        // What this configuration's verifier found genuine, and its generation then.
        tokens::TokenCache cache;
        std::uint64_t keys_seen = 0;
    };
    std::shared_ptr<Active> active_;
    metrics::Counter& cache_hits_;
    metrics::Counter& cache_misses_;
    EverySecond every_second_;
};

}  // namespace merlon::gateway
