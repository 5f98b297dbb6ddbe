// Reads the gateway's SPIFFE ID and the key of its certificate.
#include "server/gateway_identity.h"

#include <algorithm>

#include "rpc/identities.h"
#include "rpc/names.h"

namespace merlon::server {

bool asks_who_calls(const gateway::GatewaySettings& gateway) {
    return std::ranges::any_of(gateway.services,
                               [](const auto& service) { return !service.identity.empty(); });
}

Result<std::optional<gateway::GatewayIdentity>> gateway_identity(
    const config::Settings& settings, const installation::RoleSet& roles) {
    if (roles.is_whole() && !asks_who_calls(settings.gateway)) return std::nullopt;
    return gateway::GatewayIdentity{
        MERLON_TRY(rpc::id_of(settings.fleet, rpc::gateway_name)),
        MERLON_TRY(rpc::certificate_key(settings.fleet, rpc::gateway_name))};
}

}  // namespace merlon::server
