// Who the gateway is to services that ask who calls.
#pragma once

#include <optional>

#include "config/settings.h"
#include "gateway/snapshot/snapshot.h"
#include "installation/role_set.h"

namespace merlon::server {

// Whether a process of these roles shows the certificate of `role` to anybody: in one process only
// the gateway does, to services that ask who calls.
bool shows_certificate(const config::Settings& settings, const installation::RoleSet& roles,
                       std::string_view role);

// None where nobody asks: all roles are here, and no service has an identity. Errors: those of the
// gateway's certificate.
Result<std::optional<gateway::GatewayIdentity>> gateway_identity(
    const config::Settings& settings, const installation::RoleSet& roles);

}  // namespace merlon::server
