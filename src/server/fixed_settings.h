// Lists the settings that need a restart: those of open sockets, open stores and running threads.
#pragma once

#include <string_view>
#include <vector>

#include "config/settings.h"

namespace merlon::server {

// The names of those that differ between `running` and `fresh`, for the message of a reload.
std::vector<std::string_view> changed_fixed_settings(const config::Settings& running,
                                                     const config::Settings& fresh);

}  // namespace merlon::server
