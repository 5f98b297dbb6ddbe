// Who the gateway is to services that ask who calls.
#pragma once

#include <optional>

#include "config/settings.h"
#include "gateway/snapshot/snapshot.h"
#include "installation/role_set.h"

namespace merlon::server {

// Whether a service is told by an assertion who calls.
bool asks_who_calls(const gateway::GatewaySettings& gateway);

// None where nobody asks: all roles are here, and no service has an identity. Errors: those of the
// gateway's certificate.
Result<std::optional<gateway::GatewayIdentity>> gateway_identity(
    const config::Settings& settings, const installation::RoleSet& roles);

}  // namespace merlon::server
