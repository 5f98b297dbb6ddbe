// Reads the gateway's SPIFFE ID and the key of its certificate.
#include "server/gateway_identity.h"

#include <algorithm>

#include "rpc/identities.h"
#include "rpc/names.h"

namespace merlon::server {

bool shows_certificate(const config::Settings& settings, const installation::RoleSet& roles,
                       std::string_view role) {
    if (!roles.has(role)) return false;
    if (!roles.is_whole()) return true;
    return role == rpc::gateway_name &&
           std::ranges::any_of(settings.gateway.services,
                               [](const auto& service) { return !service.identity.empty(); });
}

Result<std::optional<gateway::GatewayIdentity>> gateway_identity(
    const config::Settings& settings, const installation::RoleSet& roles) {
    if (!shows_certificate(settings, roles, rpc::gateway_name)) return std::nullopt;
    return gateway::GatewayIdentity{
        MERLON_TRY(rpc::id_of(settings.fleet, rpc::gateway_name)),
        MERLON_TRY(rpc::certificate_key(settings.fleet, rpc::gateway_name))};
}

}  // namespace merlon::server
