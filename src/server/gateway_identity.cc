// Reads the gateway's SPIFFE ID and the key of its certificate.
#include "server/gateway_identity.h"

#include <algorithm>

#include "rpc/identities.h"
#include "rpc/names.h"

namespace merlon::server {

Result<std::optional<gateway::GatewayIdentity>> gateway_identity(
    const config::Settings& settings, const installation::RoleSet& roles) {
    const bool calls_by_identity = std::ranges::any_of(
        settings.gateway.services, [](const auto& service) { return !service.identity.empty(); });
    if (roles.is_whole() && !calls_by_identity) return std::nullopt;
    return gateway::GatewayIdentity{
        MERLON_TRY(rpc::id_of(settings.fleet, rpc::gateway_name)),
        MERLON_TRY(rpc::certificate_key(settings.fleet, rpc::gateway_name))};
}

}  // namespace merlon::server
