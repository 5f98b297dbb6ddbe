// merlon user import: takes over people, with their ids and passwords' hashes, from another system.
#pragma once

#include "cli/commands.h"

namespace merlon::cli {

// Adds the command to the group. Borrows both.
void add_user_import(CLI::App& group, Arguments& arguments);

}  // namespace merlon::cli
