// A configuration as the request path uses it: built once at start or reload, immutable, shared by
// all workers until the last request that began with it has ended.
#pragma once

#include <deque>
#include <optional>

#include "api/host_routes.h"
#include "api/local_service.h"
#include "crypto/spiffe_id.h"
#include "events/refusals.h"
#include "gateway/limits/limit.h"
#include "gateway/snapshot/client_address.h"
#include "gateway/snapshot/cors.h"
#include "gateway/snapshot/header_rules.h"
#include "gateway/snapshot/relay_rules.h"
#include "gateway/snapshot/settings.h"
#include "gateway/snapshot/spellings.h"
#include "http/client.h"
#include "http/response.h"
#include "http/settings.h"
#include "tokens/settings.h"
#include "tokens/verifier.h"
#include "wire/json_schema.h"

namespace merlon::gateway {

// One route with everything that its requests need.
struct Route {
    std::string pattern;  // with its host before it, where it has one
    access::Rule rule = access::Rule::authenticated();
    events::RouteClass route_class = events::RouteClass::Ordinary;
    std::size_t service = 0;  // index into Snapshot::services
    std::uint64_t body_bytes_max = 0;
    std::chrono::milliseconds timeout{};      // request sent to the first byte of the response
    std::chrono::milliseconds stream_idle{};  // of event streams and tunnels
    std::chrono::milliseconds
        upload_time{};  // a whole body may take, where that is more than all's
    bool is_limited = true;
    PathSpelling spelling = PathSpelling::Exact;  // whether the service reads paths to the letter
    bool allows_websocket = false;
    bool closed_when_stale = false;      // refuses our tokens while revocations may be missing
    api::LocalService* local = nullptr;  // a built-in role in this process; null: forwarded
    const api::LocalRoute* declared = nullptr;  // by the built-in role; null: a service's
    std::string fixed_body;  // the whole response, without an upstream; empty: forwarded
    std::unique_ptr<const wire::JsonSchema> schema;  // null: any body
    const ResponseRules* response_rules = nullptr;   // one of Snapshot::response_rules

    bool is_forwarded() const { return local == nullptr && fixed_body.empty(); }
};

struct Service {
    std::string name;
    std::vector<std::shared_ptr<const http::UpstreamAddress>> targets;
    upstream::HealthSettings health;
    upstream::PoolSettings pool;
    // Its SPIFFE ID, which its certificate proves. Where it has one, requests to it carry an
    // assertion of the user.
    std::optional<crypto::SpiffeId> identity;
    bool revokes_tokens = false;  // one of our roles, whose responses name revoked tokens
    CorsTexts cors;
    std::vector<std::string> forward_fields;  // of a proxy or a certificate, that pass
    RelayRules relay = {};
};

// A built-in role: in this process, or in others.
struct BuiltInRole {
    const api::RoleTable* table;
    api::LocalService* local = nullptr;                                      // here
    std::vector<std::shared_ptr<const http::UpstreamAddress>> targets = {};  // there
    std::optional<crypto::SpiffeId> identity = {};                           // there
};

// Where the verifier finds keys. Borrowed.
struct KeySources {
    const tokens::CurrentKeys& own;
    tokens::RemoteKeySets& remote;
};

// The gateway's SPIFFE ID, and the key of its certificate, which signs assertions.
struct GatewayIdentity {
    crypto::SpiffeId id;
    std::shared_ptr<const crypto::SigningKey> key;  // of all workers; immutable
};

// The gateway's own, whatever is declared: GET on each.
inline constexpr std::string_view health_path = "/health";
inline constexpr std::string_view openapi_path = "/openapi.json";
inline constexpr std::string_view fixed_paths[] = {health_path, openapi_path};

struct Snapshot {
    api::HostRoutes<Route> routes;
    Spellings spellings;  // of routes
    std::vector<Service> services;
    std::vector<Limit> limits;
    bool has_unfolded_limits = false;    // a limit's path is not in folded form
    bool compares_hosts = false;         // a route or a limit names one
    std::chrono::seconds stale_after{};  // revocations that old may be missing some
    CorsSettings cors;
    CorsTexts cors_texts;    // of cors.lists; a service has its own
    std::string own_origin;  // of public_url; empty: none
    TrustedProxies trusted_proxies;
    int ipv6_prefix = 56;
    std::deque<ResponseRules> response_rules;  // the first: of what is no service's
    http::Timeouts timeouts;
    LoggedRequests access_log = LoggedRequests::None;
    access::Roles roles;
    std::optional<GatewayIdentity> identity;   // none: no request carries an assertion
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

}  // namespace merlon::gateway
