// The program's commands: each file adds its own to the command line and carries them out. Exit
// codes: 0 done, 1 failed, 2 usage, 69 unavailable, 78 configuration.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "config/load.h"

namespace merlon::cli {

// What the command line said. CLI11 fills it, and the command that ran leaves its exit code.
struct Arguments {
    std::string config_path;
    std::vector<std::pair<std::string, std::string>> settings;  // of --set
    bool json = false;
    int code = 0;
    Environment environment = read_environment();
};

void add_serve(CLI::App& program, Arguments& arguments);
void add_healthcheck(CLI::App& program, Arguments& arguments);
void add_config(CLI::App& program, Arguments& arguments);
void add_token(CLI::App& program, Arguments& arguments);
void add_migrate(CLI::App& program, Arguments& arguments);
void add_pki(CLI::App& program, Arguments& arguments);
void add_render(CLI::App& program, Arguments& arguments);
void add_store(CLI::App& program, Arguments& arguments);
void add_completion(CLI::App& program, Arguments& arguments);
void add_manual(CLI::App& program, Arguments& arguments);

// --config and --set.
void add_config_options(CLI::App& command, Arguments& arguments);

// --json: of commands that say something else without it, and of those that always print JSON.
void add_json_option(CLI::App& command, Arguments& arguments);
void add_json_option(CLI::App& command);

// Prints a text for people or other programs; with --json as the only member of an object.
void print_document(const Arguments& arguments, std::string_view member, std::string text);

// Whether the command signs or verifies tokens, which under HS256 takes the shared secret.
enum class TokenUse : std::uint8_t { None, Some };
// Whether it works on the store, which a gateway alone has not.
enum class StoreUse : std::uint8_t { None, Some };

// On standard error, with its place.
void print_problem(const config::Problem& problem);

// Reads the configuration. What is wrong with it is printed; of a command that works on the store
// the errors only, since serve and config check print the warnings. It has no settings when there
// was an error, or when there is no store to work on, which is printed, too.
config::Loaded load(const Arguments& arguments, TokenUse tokens, StoreUse store = StoreUse::None);

// Whether there is a store that a command could work on; where there is none, that is printed.
bool has_store(const config::Settings& settings);

// Exit codes of the commands that judge: prints the error, when there is one.
int report(const Result<>& done, int refused);

}  // namespace merlon::cli
