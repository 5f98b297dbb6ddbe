// --role: which roles a process runs, of serve and of config check.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "installation/role_set.h"

namespace merlon::cli {

// The option's names are written to `names` when the command line is read. Borrows it until then.
void add_role_option(CLI::App& command, std::vector<std::string>& names, const std::string& help);

// None: all roles. Nothing: one is unknown, which is printed; the exit code is exit_usage.
std::optional<installation::RoleSet> find_roles(const std::vector<std::string>& names);

// Whether such a process signs or verifies tokens itself: the other roles ask auth.
TokenUse token_use_of(const installation::RoleSet& roles);

}  // namespace merlon::cli
