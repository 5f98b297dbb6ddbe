// The list of roles. A new role is its folder and one line here.
#pragma once

#include "rpc/role.h"
#include "rpc/settings.h"

namespace merlon::roles {

using Definitions = std::span<const rpc::RoleDefinition>;

// A role stands after those that it calls.
Definitions all();

// Null: no role has this name.
const rpc::RoleDefinition* find(Definitions roles, std::string_view name);

// Each on the contract's port of this machine, called by the gateway.
rpc::FleetSettings default_fleet(Definitions roles);

}  // namespace merlon::roles
