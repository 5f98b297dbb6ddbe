// merlon config: what is configured, what may be, and what is wrong with it.
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/role_option.h"
#include "config/show.h"
#include "server/start_check.h"
#include "wire/json_text.h"

namespace merlon::cli {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// What load() prints on standard error, for programs.
std::string problems_json(const config::Problems& problems) {
    std::string json = "[";
    for (const config::Problem& problem : problems) {
        const bool is_error = problem.grade == config::Grade::Error;
        json += json.size() > 1 ? R"(,{"grade":)" : R"({"grade":)";
        json += is_error ? R"("error","source":)" : R"("warning","source":)";
        wire::append_json_string(json, problem.origin.text());
        json += R"(,"key":)";
        wire::append_json_string(json, problem.path);
        json += R"(,"message":)";
        wire::append_json_string(json, problem.message);
        json += '}';
    }
    return json + ']';
}

int check(const Arguments& arguments, const std::vector<std::string>& role_names) {
    const auto roles = find_roles(role_names);
    if (!roles) return exit_usage;
    config::Loaded loaded = load(arguments, token_use_of(*roles));
    if (loaded.settings) {
        for (config::Problem& problem : server::check_start(loaded, *roles, SystemClock())) {
            print_problem(problem);
            loaded.problems.push_back(std::move(problem));
        }
    }
    const bool is_sound = !config::has_errors(loaded.problems);
    if (arguments.json) {
        print(R"({"problems":)" + problems_json(loaded.problems) + "}\n");
    } else if (is_sound) {
        std::fprintf(stderr, "the configuration is sound\n");
    }
    return is_sound ? 0 : exit_configuration;
}

int show(const Arguments& arguments, config::Sources sources) {
    const config::Loaded loaded = load(arguments, TokenUse::Some);
    if (!loaded.settings) return exit_configuration;
    print(arguments.json ? config::show_json(loaded.keys, sources)
                         : config::show_text(loaded.keys, sources));
    return 0;
}

}  // namespace

void add_config(CLI::App& program, Arguments& arguments) {
    CLI::App* group = program.add_subcommand("config", "Look at the configuration");
    group->require_subcommand(1);

    CLI::App* check_command = group->add_subcommand("check", "Say all that is wrong with it");
    add_config_options(*check_command, arguments);
    add_json_option(*check_command, arguments);
    auto roles = std::make_shared<std::vector<std::string>>();
    add_role_option(*check_command, *roles, "Of a process with these roles only, as serve");
    check_command->callback([&arguments, roles] { arguments.code = check(arguments, *roles); });

    CLI::App* show_command = group->add_subcommand("show", "Print the effective values");
    add_config_options(*show_command, arguments);
    add_json_option(*show_command, arguments);
    CLI::Option* sources =
        show_command->add_flag("--sources")->description("Say where each value came from");
    show_command->callback([&arguments, sources] {
        arguments.code = show(
            arguments, sources->count() > 0 ? config::Sources::Shown : config::Sources::Hidden);
    });

    CLI::App* schema_command =
        group->add_subcommand("schema", "Print the JSON Schema of merlon.yaml");
    add_json_option(*schema_command);
    schema_command->callback([] { print(config::show_schema(config::describe())); });
}

}  // namespace merlon::cli
