// merlon completion: a script for the shell, made from the command line's own description.
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/places.h"

namespace merlon::cli {
namespace {

// Subcommands and long options.
std::string words_of(const CLI::App& command) {
    std::string words;
    for (const CLI::App* below : commands_below(command)) words += below->get_name() + " ";
    for (const CLI::Option* option : options_of(command)) {
        for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
    }
    return words + "--help";
}

// Follows the words before the cursor to a command, then offers that command's words.
std::string bash_script(const CLI::App& program) {
    std::string commands;
    std::string words;
    for (const Place& place : places(program)) {
        commands += (commands.empty() ? "" : "|") + ("\"" + place.path + "\"");
        words += "        \"" + place.path + "\") words=\"" + words_of(*place.command) + "\" ;;\n";
    }
    return "_merlon() {\n"
           "    local path=merlon word words=\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$path $word\" in\n"
           "            " +
           commands +
           ") path=\"$path $word\" ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$path\" in\n" +
           words +
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F _merlon merlon\n";
}

// zsh runs bash's completions itself.
std::string zsh_script(const CLI::App& program) {
    return "autoload -Uz bashcompinit && bashcompinit\n" + bash_script(program);
}

// Offers a command's words while the line has its path and none of its subcommands.
std::string fish_script(const CLI::App& program) {
    std::string script;
    for (const Place& place : places(program)) {
        std::string condition = "not __fish_seen_subcommand_from";
        const auto below = commands_below(*place.command);
        for (const CLI::App* one : below) condition += " " + one->get_name();
        if (below.empty()) condition = "true";
        for (std::size_t at = place.path.find(' '); at != std::string::npos;) {
            const std::size_t end = place.path.find(' ', at + 1);
            condition +=
                "; and __fish_seen_subcommand_from " + place.path.substr(at + 1, end - at - 1);
            at = end;
        }
        script +=
            "complete -c merlon -n '" + condition + "' -a '" + words_of(*place.command) + "'\n";
    }
    return script;
}

}  // namespace

void add_completion(CLI::App& program, Arguments& arguments) {
    CLI::App* group = program.add_subcommand(
        "completion", "Print a script for the shell: source <(merlon completion bash)");
    group->require_subcommand(1);
    using Script = std::string (*)(const CLI::App&);
    for (const auto& [shell, script] : {std::pair<const char*, Script>("bash", bash_script),
                                        {"zsh", zsh_script},
                                        {"fish", fish_script}}) {
        CLI::App* command = group->add_subcommand(shell, std::string("For ") + shell);
        add_json_option(*command, arguments);
        command->callback([&program, &arguments, script] {
            print_document(arguments, "script", script(program));
        });
    }
}

}  // namespace merlon::cli
