// The environment of the process: read once, then cleared of secrets.
#pragma once

#include <map>
#include <span>
#include <string>

namespace merlon::cli {

using Environment = std::map<std::string, std::string>;

// A copy, which a reload reads again.
Environment read_environment();

// Overwrites the values of these variables where the kernel put them: /proc/PID/environ shows that
// memory to whoever may debug the process, and child processes inherit it. Threads that call
// getenv() may run beside: the variables stay, empty.
void wipe_variables(std::span<const std::string> names);

}  // namespace merlon::cli
