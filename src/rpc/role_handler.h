// Serves a role's own listener: requests that a gateway forwards, and other roles' calls, both over
// mutual TLS. The gateway has verified the token and validated the body; the role does both again,
// since the gateway may be of another release, or an attacker with its certificate.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "access/access.h"
#include "api/local_service.h"
#include "api/name_settings.h"
#include "api/route_table.h"
#include "base/clock.h"
#include "crypto/spiffe_id.h"
#include "events/refusals.h"
#include "http/exchange.h"
#include "rpc/method.h"
#include "rpc/token_check.h"
#include "tokens/assertion.h"
#include "tokens/revocations.h"
#include "wire/json_schema.h"
#include "wire/path.h"

namespace merlon::rpc {

// A role with its routes and methods, as its listeners serve it. Immutable; shared by all workers.
class OfferedRole final {
public:
    struct Names {
        crypto::SpiffeId self;
        std::vector<crypto::SpiffeId> gateways;  // who may act for users
        // All other roles of the installation, by name: methods name their callers.
        std::map<std::string, crypto::SpiffeId, std::less<>> roles;
    };

    // Borrows the service for life, whose calls add to the revocations, and what `tokens` borrows.
    // Errors: those of access::Rule and JsonSchema::compile.
    static Result<std::unique_ptr<const OfferedRole>> make(api::LocalService& service,
                                                           std::vector<OfferedMethod> methods,
                                                           Names names, access::Roles roles,
                                                           TokenRules tokens,
                                                           const api::NameSettings& people);

    const Names& names() const { return names_; }
    // All SPIFFE IDs that may connect.
    std::vector<crypto::SpiffeId> callers() const;

private:
    friend class RoleHandler;
    struct OfferedRoute {
        const api::LocalRoute* declared;
        access::Rule rule;
        std::unique_ptr<const wire::JsonSchema> schema;  // null: any body
    };

    OfferedRole(api::LocalService& service, std::vector<OfferedMethod> methods, Names names,
                access::Roles roles, TokenRules tokens)
        : service_(service),
          methods_(std::move(methods)),
          names_(std::move(names)),
          roles_(std::move(roles)),
          tokens_(std::move(tokens)) {}
    bool may_call(const Method& method, const crypto::SpiffeId& peer) const;

    api::LocalService& service_;
    std::vector<OfferedMethod> methods_;
    Names names_;
    access::Roles roles_;
    TokenRules tokens_;
    api::RouteTable<OfferedRoute> routes_;
};

// Of one worker.
class RoleHandler final : public http::Handler {
public:
    // Borrows all three for life.
    RoleHandler(const OfferedRole& role, const Clock& clock, events::Refusals& refusals)
        : role_(role),
          clock_(clock),
          refusals_(refusals),
          assertions_(role.names().self),
          tokens_(role.tokens_, role.roles_) {}

    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const wire::RequestHead* head,
                          const Error& error) override;
    // A gateway's connections are many, and its certificate says who it is.
    bool is_shared(const http::Peer&) const override { return true; }

private:
    // For the report and the response of a request that fails.
    struct RequestContext {
        std::string_view route;
        // Of the revocations, before the service was called.
        std::optional<std::uint64_t> generation = {};
    };

    Task<> serve_request(http::Exchange* exchange, RequestContext* context);
    Task<> serve_user_request(http::Exchange* exchange, wire::Target target,
                              RequestContext* context);
    Task<> serve_method(http::Exchange* exchange, std::string_view name, RequestContext* context);
    void add_revoked(const RequestContext& context, http::FieldLines& fields) const;
    Task<tokens::TokenCache::Kept> verify_caller(http::Exchange* exchange);
    Task<tokens::TokenCache::Kept> verify_optional_caller(http::Exchange* exchange);

    const OfferedRole& role_;
    const Clock& clock_;
    events::Refusals& refusals_;
    tokens::AssertionVerifier assertions_;
    TokenCheck tokens_;
};

}  // namespace merlon::rpc
