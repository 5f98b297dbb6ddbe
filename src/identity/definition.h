// The definition of the auth role, for the list of roles.
#pragma once

#include "rpc/role.h"

namespace merlon::identity {

extern const rpc::RoleDefinition auth_definition;

}  // namespace merlon::identity
