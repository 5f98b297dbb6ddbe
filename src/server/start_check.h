// What serve would fail or warn of before it opens a store or a port: config check runs it.
#pragma once

#include "base/clock.h"
#include "config/load.h"

namespace merlon::server {

// `loaded` has settings. Touches no store, opens no port and makes no file.
config::Problems check_start(const config::Loaded& loaded, const Clock& clock);

}  // namespace merlon::server
