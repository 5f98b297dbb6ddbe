// Wrong usage, and help for a command: what a person typed and what was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace merlon::cli {

// Says on standard error what is wrong with the words after the program's name, and how to get
// help. `error` is what parsing them threw.
void report_usage(const CLI::App& program, const std::vector<std::string>& words,
                  const CLI::ParseError& error);

// merlon help [COMMAND…]: the same as COMMAND --help.
void add_help(CLI::App& program, Arguments& arguments);

}  // namespace merlon::cli
