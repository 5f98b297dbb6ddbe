// The command line's own description, for what is made from it: completion and the manual.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace merlon::cli {

struct Place {
    std::string path;  // "merlon config"
    const CLI::App* command;
};

// The program and all commands below it, in the order of their declaration.
std::vector<Place> places(const CLI::App& program);
// What can be called there: the commands right below.
std::vector<const CLI::App*> commands_below(const CLI::App& command);
// Options and arguments, those of its option groups, too; without --help.
std::vector<const CLI::Option*> options_of(const CLI::App& command);

}  // namespace merlon::cli
