// A configuration as the request path uses it: built once at start or reload, immutable, shared by
// all workers until the last request that began with it has ended.
#pragma once

#include <optional>

#include "crypto/spiffe_id.h"
#include "events/refusals.h"
#include "gateway/client_address.h"
#include "gateway/limit_table.h"
#include "gateway/route_table.h"
#include "gateway/settings.h"
#include "http/client.h"
#include "http/local_service.h"
#include "http/response.h"
#include "http/settings.h"
#include "tokens/settings.h"
#include "tokens/verifier.h"
#include "wire/json_schema.h"

namespace merlon::gateway {

// One route with all that its requests need to know.
struct Route {
    std::string pattern;
    access::Rule rule = access::Rule::authenticated();
    events::RouteClass route_class = events::RouteClass::Ordinary;
    std::size_t service = 0;  // index into Snapshot::services
    std::uint64_t body_bytes_max = 0;
    std::chrono::milliseconds timeout{};
    bool is_limited = true;
    bool allows_websocket = false;
    bool closed_when_stale = false;       // refuses our tokens while revocations may be missing
    bool is_built_in = false;             // of one of our roles: takes our own tokens only
    http::LocalService* local = nullptr;  // a built-in role in this process; null: forwarded
    http::TokenText token = http::TokenText::Kept;  // for `local`
    std::string fixed_body;  // answered as it stands, without an upstream; empty: forwarded
    std::unique_ptr<const wire::JsonSchema> schema;  // null: any body
};

struct Service {
    std::string name;
    std::vector<std::shared_ptr<const http::UpstreamAddress>> targets;
    HealthSettings health;
    // Who it proves to be; then it is told in an assertion for whom we ask.
    std::optional<crypto::SpiffeId> identity;
    bool revokes_tokens = false;  // one of our roles, which is believed what was revoked
};

// A built-in role: in this process, or in others.
struct BuiltInRole {
    const http::RoleTable* table;
    http::LocalService* local = nullptr;                                     // here
    std::vector<std::shared_ptr<const http::UpstreamAddress>> targets = {};  // there
    std::optional<crypto::SpiffeId> identity = {};                           // there
};

struct Limit {
    std::string name;
    std::uint64_t id;                // of the name: counters survive a reload that reorders limits
    std::vector<std::string> paths;  // literal, or ending in /**
    LimitRule rule;
    bool skips_successful = false;
    bool covers_services = false;  // the limit named api counts every declared service's routes
    std::string policy;            // "100;w=900"
    std::string shared_prefix;     // of its keys in Redis: "rl:", or "rl:NAME:"
    std::string_view broken_rule;  // "limit.exceeded", or "limit.auth"

    bool covers(std::string_view path) const;
};

// Where the verifier finds keys. Borrowed.
struct KeySources {
    const tokens::CurrentKeys& own;
    tokens::RemoteKeySets& remote;
};

// Who we are to services, and the key of our certificate, by which they know our assertions.
struct GatewayIdentity {
    crypto::SpiffeId id;
    std::shared_ptr<const crypto::SigningKey> key;  // of all workers; immutable
};

struct Snapshot {
    RouteTable<Route> routes;
    std::vector<Service> services;
    std::vector<Limit> limits;
    std::chrono::seconds stale_after{};  // revocations that old may be missing some
    CorsSettings cors;
    std::string own_origin;  // of public_url; empty: none
    TrustedProxies trusted_proxies;
    int ipv6_prefix = 56;
    http::FieldLines security_fields;  // on every answer
    http::Timeouts timeouts;
    LoggedRequests access_log = LoggedRequests::None;
    access::Roles roles;
    std::optional<GatewayIdentity> identity;   // none: nobody is sent an assertion
    std::optional<tokens::Verifier> verifier;  // set by make(); borrows roles

    // Settings that passed config's checks. The keys and the roles outlive the snapshot. Errors
    // name what to change.
    static Result<std::shared_ptr<const Snapshot>> make(const GatewaySettings& gateway,
                                                        const http::ServerSettings& server,
                                                        const tokens::TokenSettings& tokens,
                                                        KeySources keys, access::Roles roles,
                                                        std::vector<BuiltInRole> built_in,
                                                        std::optional<GatewayIdentity> identity);
};

// The seed's security headers, with the installation's changes: an empty value removes one.
http::FieldLines make_security_fields(
    const std::vector<std::pair<std::string, std::string>>& changes);

}  // namespace merlon::gateway
