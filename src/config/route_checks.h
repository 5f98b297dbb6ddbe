// What is wrong with routes beside each other: each alone was read without a fault.
#pragma once

#include "config/reader.h"
#include "config/settings.h"

namespace merlon::config {

// Two for one method and path, of built-in roles too; and those that an upstream may take for each
// other.
void check_routes(Reader& services, roles::Definitions roles,
                  const gateway::GatewaySettings& settings);

// Warns of routes for which nobody has the permissions. Where other issuers are trusted, their
// tokens may bring them.
void check_permissions(Reader& root, const Settings& settings);

}  // namespace merlon::config
