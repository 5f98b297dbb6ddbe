// The databases of an installation as deploy/ wants them described.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "deploy/file.h"

namespace merlon::operations {

// The files for each PostgreSQL server that the settings name; in a folder HOST_PORT each, when
// there are several. `clients`: who may connect, as CIDR blocks; empty: from anywhere. Errors:
// "render.no_postgres" (Absent: no url names one), and those of deploy::render_postgres.
Result<std::vector<deploy::File>> render_postgres(const config::Settings& settings,
                                                  const std::vector<std::string>& clients);

}  // namespace merlon::operations
