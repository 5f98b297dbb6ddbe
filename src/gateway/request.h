// The state of one request, which the stages of the request path fill.
#pragma once

#include <algorithm>

#include "api/route_table.h"
#include "gateway/limits/limit_gate.h"
#include "gateway/snapshot_state.h"

namespace merlon::gateway {

// Takes spare buffers for the time of one request. Shares their owner: a stopped loop destroys its
// waiting requests after the path that served them.
class BorrowedBuffers {
public:
    explicit BorrowedBuffers(std::shared_ptr<SnapshotState> state) : state_(std::move(state)) {
        auto& spare = state_->spare_buffers;
        if (spare.empty()) spare.push_back(std::make_unique<RequestBuffers>());
        buffers_ = std::move(spare.back());
        spare.pop_back();
        buffers_->response_fields.clear();
    }
    ~BorrowedBuffers() {
        // A few KiB each; those of a burst of more requests are freed.
        constexpr std::size_t spare_max = 128;
        auto& spare = state_->spare_buffers;
        if (spare.size() < spare_max) spare.push_back(std::move(buffers_));
    }
    BorrowedBuffers(const BorrowedBuffers&) = delete;
    BorrowedBuffers& operator=(const BorrowedBuffers&) = delete;
    RequestBuffers* get() const { return buffers_.get(); }

private:
    std::shared_ptr<SnapshotState> state_;
    std::unique_ptr<RequestBuffers> buffers_;
};

// Lives in the frame of RequestPath::serve().
struct Request {
    std::shared_ptr<SnapshotState> state;
    const Snapshot* snapshot = nullptr;  // of state
    WallTime received_at;
    SteadyTime began;
    RequestBuffers* buffers = nullptr;
    std::string client;
    std::string_view scheme;          // the client's: "http" or "https"
    std::string_view port;            // that the client spoke to
    std::string_view forwarded_host;  // by a trusted proxy; empty: none said so
    // Whether a service's named fields of a proxy pass: not from a stranger who came past the
    // proxies that are named.
    bool takes_named_fields = false;
    wire::Target target;
    api::Match<Route> match;
    Guards guards;             // beside match.route; what they ask, this request has to give, too
    std::string folded_path;   // by which limits count, too; empty: by target alone
    wire::Target destination;  // of COPY and MOVE; no path: none
    LimitTicket limits;
    tokens::TokenCache::Kept token;
    std::optional<Secret> body;  // validated; forwarded instead of the received one
    bool is_preflight = false;
    tokens::KeptAssertion assertion;     // empty where none is sent
    bool is_authenticated = false;       // the token is valid and not revoked
    std::optional<Error> refused_token;  // on a route where a token is optional
    std::string_view forwarded_to;       // a service's name; empty: not forwarded

    static constexpr std::string_view no_route = "unmatched";
    std::string_view route_name() const {
        return match.route != nullptr ? std::string_view(match.route->pattern) : no_route;
    }
    // A role's, in this process or another: there may be a password in its body.
    bool is_built_in() const { return match.route != nullptr && match.route->declared != nullptr; }
    // Whether it holds for the route that matched, or for one of its guards. There is a route.
    template <class Predicate>
    bool any_route(Predicate holds) const {
        return holds(*match.route) ||
               std::ranges::any_of(guards.routes(), [&](const Route* one) { return holds(*one); });
    }
    // Of every response to the request.
    const ResponseRules& response_rules() const {
        return match.route != nullptr ? *match.route->response_rules
                                      : snapshot->response_rules.front();
    }
    // What the event of a refusal names: a guard rather than the route that matched, and of several
    // one that admits only admins. Null: no route.
    const Route* refusing_route() const {
        const Route* found = match.route;
        for (const Route* guard : guards.routes()) {
            if (found->route_class != events::RouteClass::Admin) found = guard;
        }
        return found;
    }
};

}  // namespace merlon::gateway
