// Settings that a running server cannot change: sockets that are open, stores that are in use,
// threads that run.
#pragma once

#include <string_view>
#include <vector>

#include "config/settings.h"

namespace merlon::server {

// Which of them `fresh` has otherwise than `running`, by name: in force after a restart only, which
// a reload has to say.
std::vector<std::string_view> changed_fixed_settings(const config::Settings& running,
                                                     const config::Settings& fresh);

}  // namespace merlon::server
