// Finds the command that words lead to, and the word that leads nowhere.
#include "cli/usage.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/nearest.h"
#include "cli/exit_code.h"
#include "cli/places.h"

namespace merlon::cli {
namespace {

// How far words lead.
struct Found {
    const CLI::App* command;
    std::string path;     // merlon user
    std::string unknown;  // the first word that is no command below it; empty: all are
};

Found find(const CLI::App& program, const std::vector<std::string>& words) {
    Found found{&program, program.get_name(), {}};
    for (const std::string& word : words) {
        if (word.starts_with('-')) break;  // what follows may be its value
        const auto below = commands_below(*found.command);
        if (below.empty()) break;
        const auto next = std::ranges::find(below, word, &CLI::App::get_name);
        if (next == below.end()) {
            found.unknown = word;
            break;
        }
        found.command = *next;
        found.path += " " + word;
    }
    return found;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
    const std::string meant = text::nearest(word, known);
    return meant.empty() ? std::string() : "; did you mean " + meant + "?";
}

std::vector<std::string> names_below(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::App* below : commands_below(command)) names.push_back(below->get_name());
    return names;
}

std::string unknown_command(const Found& found) {
    return found.path + " has no command " + found.unknown +
           did_you_mean(found.unknown, names_below(*found.command));
}

// The first word that looks like an option and is none of the command's.
std::string unknown_option(const Found& found, const std::vector<std::string>& words) {
    std::vector<std::string> known;
    for (const CLI::Option* option : options_of(*found.command)) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    for (const std::string& word : words) {
        if (word == "--") break;
        if (!word.starts_with("--")) continue;
        const std::string name = word.substr(0, word.find('='));
        if (std::ranges::find(known, name) != known.end()) continue;
        return found.path + " has no option " + name + did_you_mean(name, known);
    }
    return {};
}

}  // namespace

void report_usage(const CLI::App& program, const std::vector<std::string>& words,
                  const CLI::ParseError& error) {
    const Found found = find(program, words);
    std::string message =
        found.unknown.empty() ? unknown_option(found, words) : unknown_command(found);
    if (message.empty() && words.empty()) message = "say what to do";
    if (message.empty()) message = error.what();
    std::fprintf(stderr, "merlon: %s\n%s --help says what there is\n", message.c_str(),
                 found.path.c_str());
}

void add_help(CLI::App& program, Arguments& arguments) {
    CLI::App* command = program.add_subcommand("help", "Say what a command does");
    add_json_option(*command, arguments);
    const auto words = std::make_shared<std::vector<std::string>>();
    command->add_option("command", *words, "The command, such as user create");
    command->callback([&program, &arguments, words] {
        const Found found = find(program, *words);
        if (found.unknown.empty()) {
            // Not App::help(), which gives that of the command that was called: this one.
            const CLI::App& asked = *found.command;
            return print_document(
                arguments, "help",
                asked.get_formatter()->make_help(&asked, found.path, CLI::AppFormatMode::Normal));
        }
        std::fprintf(stderr, "merlon: %s\n", unknown_command(found).c_str());
        arguments.code = exit_usage;
    });
}

}  // namespace merlon::cli
