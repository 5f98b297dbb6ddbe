// What all commands share: the options --config, --set and --json, and loading the configuration.
#include "cli/commands.h"

#include <cstdio>

#include "wire/json_text.h"

namespace merlon::cli {
namespace {

// section.key=value.
std::string add_setting(const std::string& text, Arguments& arguments) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return "--set takes section.key=value";
    arguments.settings.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    return "";
}

}  // namespace

void add_config_options(CLI::App& command, Arguments& arguments) {
    command.add_option("-c,--config", arguments.config_path,
                       "The configuration (default: ./merlon.yaml)");
    command
        .add_option_function<std::vector<std::string>>(
            "--set",
            [&arguments](const std::vector<std::string>& texts) {
                for (const std::string& text : texts) {
                    const std::string problem = add_setting(text, arguments);
                    if (!problem.empty()) throw CLI::ValidationError(problem);
                }
            },
            "A setting over all others: section.key=value. No secrets: others see your processes")
        ->allow_extra_args(false);
}

void add_json_option(CLI::App& command, Arguments& arguments) {
    command.add_flag("--json", arguments.json, "Print JSON");
}

void add_json_option(CLI::App& command) {
    command.add_flag_callback("--json", [] {}, "JSON, which it always is");
}

void print_document(const Arguments& arguments, std::string_view member, std::string text) {
    if (arguments.json) {
        std::string json = "{";
        wire::append_json_string(json, member);
        json += ':';
        wire::append_json_string(json, text);
        text = json + "}\n";
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_problem(const config::Problem& problem) {
    std::fprintf(stderr, "%s\n", problem.text().c_str());
}

bool has_store(const config::Settings& settings) {
    if (settings.has_identity()) return true;
    std::fputs(
        "merlon: identity.enabled is false: the gateway alone has no store, so there are no users, "
        "sessions, keys or events to work on, and nothing to back up\n",
        stderr);
    return false;
}

config::Loaded load(const Arguments& arguments, TokenUse tokens, StoreUse store) {
    config::Loaded loaded = config::load({.path = arguments.config_path,
                                          .environment = arguments.environment,
                                          .flags = arguments.settings,
                                          .needs_token_secret = tokens == TokenUse::Some},
                                         config::DiskFiles());
    for (const config::Problem& problem : loaded.problems) {
        const bool is_error = problem.grade == config::Grade::Error;
        if (is_error || store == StoreUse::None) print_problem(problem);
    }
    wipe_variables(loaded.secret_variables);
    if (store == StoreUse::Some && loaded.settings && !has_store(*loaded.settings)) {
        loaded.settings.reset();
    }
    return loaded;
}

int report(const Result<>& done, int refused) {
    if (done) return 0;
    std::fprintf(stderr, "merlon: %s %s\n", std::string(done.error().rule).c_str(),
                 done.error().detail.c_str());
    return refused;
}

}  // namespace merlon::cli
