// merlon config: what is configured, what may be, and what is wrong with it.
#include <cstdio>

#include "app/main/commands.h"
#include "config/show.h"

namespace merlon::app {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int check(const Arguments& arguments) {
    if (!load(arguments).settings) return exit_configuration;
    std::fprintf(stderr, "the configuration is sound\n");
    return 0;
}

int show(const Arguments& arguments, config::Sources sources) {
    const config::Loaded loaded = load(arguments);
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
    check_command->callback([&arguments] { arguments.code = check(arguments); });

    CLI::App* show_command = group->add_subcommand("show", "Print the effective values");
    add_config_options(*show_command, arguments);
    show_command->add_flag("--json", arguments.json, "Print JSON");
    CLI::Option* sources =
        show_command->add_flag("--sources")->description("Say where each value came from");
    show_command->callback([&arguments, sources] {
        arguments.code = show(
            arguments, sources->count() > 0 ? config::Sources::Shown : config::Sources::Hidden);
    });

    CLI::App* schema_command =
        group->add_subcommand("schema", "Print the JSON Schema of merlon.yaml");
    schema_command->add_flag("--json", arguments.json, "JSON, which it always is");
    schema_command->callback([] { print(config::show_schema(config::describe())); });
}

}  // namespace merlon::app
