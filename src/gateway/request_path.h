// The life of a request. Read serve() in request_path.cc, then respond(): its lines are the stages.
#pragma once

#include "events/refusals.h"
#include "gateway/access_log/access_log.h"
#include "gateway/limits/limit_gate.h"
#include "gateway/token_gate.h"
#include "net/every_second.h"
#include "redis/redis_server.h"

namespace merlon::gateway {

// What the request paths of all workers share. Borrowed.
struct SharedResources {
    const Clock& clock;
    Entropy& entropy;
    LimitTable& limits;
    events::Refusals& refusals;
    metrics::Registry& metrics;
    tokens::Revocations& revocations;
    LineSink& access_lines;
    dns::Resolver& resolver;
    redis::RedisServer* redis = nullptr;  // where limits count; null: in this process
};

// One worker's request path. One thread.
class RequestPath final : public http::Handler {
public:
    RequestPath(SharedResources shared, net::Deadlines& deadlines, Executor executor,
                std::shared_ptr<const Snapshot> snapshot);

    // A reload: requests that have begun keep the old configuration.
    void replace(std::shared_ptr<const Snapshot> snapshot);

    // Streams and tunnels that are open, to be closed when a session is revoked.
    OpenStreams& open_streams() { return open_streams_; }

    ~RequestPath() override;

    Task<> serve(http::Exchange& exchange) override;
    // Sends the client to https, to a host that the configuration names.
    Task<> redirect(http::Exchange& exchange);
    http::Response refuse(const http::Peer& peer, const wire::RequestHead* head,
                          const Error& error) override;
    bool is_shared(const http::Peer& peer) const override;
    void drain() override { open_streams_.end_tunnels(); }

private:
    // What the route table has for a request's path and method.
    enum class Lookup : std::uint8_t { Route, Options, UnknownPath, UnknownMethod };

    // The stages in their order; each passes the request on, responds, or gives the error of the
    // refusal. Gives the status that was sent.
    void begin(RequestBuffers* buffers, Request& request);
    Task<int> respond(http::Exchange& exchange, Request& request);
    Task<int> respond_with_redirect(http::Exchange& exchange, Request& request);
    void identify(const http::Exchange& exchange, Request& request);
    Result<Lookup> find_route(const http::Exchange& exchange, Request& request);
    static Result<> guard_destination(const http::Exchange& exchange, Request& request);
    static void add_first_fields(Request& request);
    static bool is_for_any_origin(const Request& request);
    Result<> check_origin(const http::Exchange& exchange, Request& request);
    Task<int> send_preflight(http::Exchange& exchange, Request& request);
    Task<> count(Lookup lookup, Request& request);
    static Result<> require_route(Lookup lookup);
    Task<int> send_allowed_methods(http::Exchange& exchange, Request& request);
    Task<> authenticate(const http::Exchange& exchange, Request& request);
    Task<> authenticate_optionally(const http::Exchange* exchange, Request* request);
    static Result<access::Pass> authorize(Request& request);
    Task<int> send_fixed_body(http::Exchange& exchange, Request& request);
    static Result<> limit_body(http::Exchange& exchange, const Request& request);
    static Task<> validate_body(http::Exchange* exchange, Request* request);
    Task<int> call_role(http::Exchange& exchange, access::Pass pass, Request& request);
    Result<> assert_caller(const wire::RequestHead& head, const Service& service, Request& request);
    Forwarding forwarding(const Service& service, Request& request);

    void close_revoked_streams();
    Task<int> refuse_with(http::Exchange& exchange, Request& request, Error error);
    // Into the metrics and the access log; `status` is 499 when the response broke off.
    void record(const http::Exchange& exchange, const Request& request, int status);

    SharedResources shared_;
    net::Deadlines& deadlines_;
    Executor executor_;
    std::unique_ptr<LimitStore> limit_store_;
    LimitGate limit_gate_;
    TokenGate token_gate_;
    BufferedEntropy entropy_;
    OpenStreams open_streams_;
    AccessLog access_log_;
    // Generations that open_streams_ was searched for.
    std::uint64_t revocations_seen_ = 0;
    std::uint64_t keys_seen_ = 0;
    std::shared_ptr<SnapshotState> state_;
    net::EverySecond every_second_;
};

}  // namespace merlon::gateway
