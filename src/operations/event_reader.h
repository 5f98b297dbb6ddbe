// Reading stored events where no server answers: those of all roles, wherever each has its tables.
#pragma once

#include <string>

#include "config/settings.h"

namespace merlon::operations {

// Carries an audit command out (operations/run_command.h) on every database of the configuration
// that was ever used; makes no file and no table. Errors: those of run_command() and of opening a
// database.
Result<std::string> read_events(config::Settings settings, std::string command);

}  // namespace merlon::operations
