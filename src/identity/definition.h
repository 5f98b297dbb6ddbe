// What the rest of Merlon knows of the auth role.
#pragma once

#include "rpc/role.h"

namespace merlon::identity {

extern const rpc::RoleDefinition auth_definition;

}  // namespace merlon::identity
