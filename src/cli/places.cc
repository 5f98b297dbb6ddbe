// Lists all commands and their options. CLI11 keeps an option group as a command without a name.
#include "cli/places.h"

namespace merlon::cli {
namespace {

void add_places(const CLI::App& command, const std::string& path, std::vector<Place>& out) {
    out.push_back({path, &command});
    for (const CLI::App* below : commands_below(command)) {
        add_places(*below, path + " " + below->get_name(), out);
    }
}

}  // namespace

std::vector<Place> places(const CLI::App& program) {
    std::vector<Place> out;
    add_places(program, program.get_name(), out);
    return out;
}

std::vector<const CLI::App*> commands_below(const CLI::App& command) {
    return command.get_subcommands([](const CLI::App* one) { return !one->get_name().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
    std::vector<const CLI::Option*> options;
    for (const CLI::Option* option : command.get_options()) {
        if (option != command.get_help_ptr()) options.push_back(option);
    }
    for (const CLI::App* group :
         command.get_subcommands([](const CLI::App* one) { return one->get_name().empty(); })) {
        for (const CLI::Option* option : options_of(*group)) options.push_back(option);
    }
    return options;
}

}  // namespace merlon::cli
