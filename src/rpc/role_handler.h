// A role's own listener: requests that a gateway has admitted and other roles' calls, both over
// mutual TLS. What came here was judged once; it is judged again by this process's own rules, since
// the gateway may be of another release.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "access/access.h"
#include "api/local_service.h"
#include "api/route_table.h"
#include "base/clock.h"
#include "crypto/spiffe_id.h"
#include "events/refusals.h"
#include "http/exchange.h"
#include "rpc/port_server.h"
#include "tokens/assertion.h"
#include "tokens/revocations.h"
#include "wire/json_schema.h"

namespace merlon::rpc {

// A role as its listeners offer it. Immutable; shared by all workers.
class OfferedRole final {
public:
    struct Names {
        crypto::SpiffeId self;
        std::vector<crypto::SpiffeId> gateways;  // who may act for users
        // Other roles, by name: their ports name them.
        std::map<std::string, crypto::SpiffeId, std::less<>> roles;
    };

    // Borrows the service for life, and `revocations`, which it adds to. Errors: those of
    // access::Rule and JsonSchema::compile.
    static Result<std::unique_ptr<const OfferedRole>> make(api::LocalService& service,
                                                           std::vector<Port> ports, Names names,
                                                           access::Roles roles,
                                                           const tokens::Revocations& revocations);

    const Names& names() const { return names_; }
    // Everybody who may connect.
    std::vector<crypto::SpiffeId> callers() const;

private:
    friend class RoleHandler;
    struct Route {
        const api::LocalRoute* told;
        access::Rule rule;
        std::unique_ptr<const wire::JsonSchema> schema;  // null: any body
    };

    OfferedRole(api::LocalService& service, std::vector<Port> ports, Names names,
                access::Roles roles, const tokens::Revocations& revocations)
        : service_(service),
          ports_(std::move(ports)),
          names_(std::move(names)),
          roles_(std::move(roles)),
          revocations_(revocations) {}

    api::LocalService& service_;
    std::vector<Port> ports_;
    Names names_;
    access::Roles roles_;
    const tokens::Revocations& revocations_;
    api::RouteTable<Route> routes_;
};

// Of one worker.
class RoleHandler final : public http::Handler {
public:
    // Borrows all three for life.
    RoleHandler(const OfferedRole& role, const Clock& clock, events::Refusals& refusals)
        : role_(role), clock_(clock), refusals_(refusals), assertions_(role.names().self) {}

    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const Error& error) override;

private:
    // What is known of a request by the time it is refused.
    struct Known {
        std::string_view route;
        // Of the revocations, before the service was called.
        std::optional<std::uint64_t> generation = {};
    };

    Task<> serve_request(http::Exchange* exchange, Known* known);
    Task<> serve_port(http::Exchange* exchange, std::string_view operation, Known* known);
    void add_revoked(const Known& known, http::FieldLines& fields) const;
    Result<access::Subject> subject_of(const http::Exchange& exchange, api::LocalCall& call);

    const OfferedRole& role_;
    const Clock& clock_;
    events::Refusals& refusals_;
    tokens::AssertionVerifier assertions_;
};

}  // namespace merlon::rpc
