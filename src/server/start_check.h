// What serve would fail or warn of before it opens a store or a port: config check runs it.
#pragma once

#include "base/clock.h"
#include "config/load.h"
#include "installation/role_set.h"

namespace merlon::server {

// Of a process that runs `roles`. All of them: a fleet's certificates are judged where they are
// here, since such a process may need none. `loaded` has settings. Touches no store, opens no port
// and makes no file.
config::Problems check_start(const config::Loaded& loaded, const installation::RoleSet& roles,
                             const Clock& clock);

}  // namespace merlon::server
