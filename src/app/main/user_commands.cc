// merlon user: accounts, in the running server or in its store.
#include <cstdio>
#include <iostream>
#include <memory>

#include "app/main/commands.h"
#include "app/platform.h"
#include "wire/json_text.h"

namespace merlon::app {
namespace {

enum class Output : std::uint8_t { Quiet, Shown };

// Asks the running server, or works on the store itself when there is none.
int command(const Arguments& arguments, const std::string& text, Output output) {
    auto settings = load_settings(arguments);
    if (!settings) return exit_configuration;
    auto asked = ask_server(operator_socket(*settings), text);
    if (asked) {
        const bool done = asked->status == 200;
        if (!done || output == Output::Shown) {
            std::fprintf(done ? stdout : stderr, "%s\n", asked->body.c_str());
        }
        return done ? 0 : 1;
    }
    if (asked.error().rule != "command.no_server") {
        return report(std::unexpected(std::move(asked).error()), exit_unavailable);
    }
    auto done = Platform::run_offline(*std::move(settings), text);
    if (!done) return report(std::unexpected(std::move(done).error()), 1);
    if (output == Output::Shown) std::printf("%s\n", done->c_str());
    return 0;
}

// {"command":…} of a user command's arguments. The password comes on standard input, so that it
// stands in no list of processes and no shell's history.
struct UserArguments {
    std::string email;
    std::string first_name;
    std::string last_name;
    std::string role = "user";
    std::string password;

    std::string json(std::string_view name) const {
        std::string text = R"({"command":")" + std::string(name) + "\"";
        for (const auto& [member, value] :
             {std::pair("email", &email), std::pair("firstName", &first_name),
              std::pair("lastName", &last_name), std::pair("role", &role),
              std::pair("password", &password)}) {
            text.append(",\"").append(member).append("\":");
            wire::append_json_string(text, *value);
        }
        return text + "}";
    }
};

}  // namespace

void add_user(CLI::App& program, Arguments& arguments) {
    const auto shared = std::make_shared<UserArguments>();  // as long as the callbacks
    UserArguments& user = *shared;
    auto* group = program.add_subcommand("user", "Accounts");
    group->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, Output output) {
        auto* added = group->add_subcommand(name, help);
        add_config_options(*added, arguments);
        added->add_flag("--json", arguments.json, "JSON, which it always is");
        added->callback([&arguments, shared, name, output] {
            arguments.code = command(arguments, shared->json("user." + std::string(name)), output);
        });
        return added;
    };
    auto* create = add("create", "Make an account", Output::Shown);
    create->add_option("--email", user.email)->required();
    create->add_option("--first-name", user.first_name)->required();
    create->add_option("--last-name", user.last_name)->required();
    create->add_option("--role", user.role, "Default: user");
    create
        ->add_flag_callback(
            "--password-stdin", [shared] { std::getline(std::cin, shared->password); },
            "The password is the first line of standard input")
        ->required();
    add("list", "List accounts", Output::Shown);
    for (const auto& [name, help] : {std::pair("lock", "Refuse sign-ins; sessions go on"),
                                     std::pair("unlock", "Allow sign-ins again")}) {
        add(name, help, Output::Quiet)->add_option("email", user.email)->required();
    }
    auto* role = add("role", "Change the role; ends the user's sessions", Output::Quiet);
    role->add_option("email", user.email)->required();
    role->add_option("role", user.role)->required();
}

}  // namespace merlon::app
