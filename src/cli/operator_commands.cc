// merlon user, session and key: sends a command to the running server, or to the store.
#include "cli/operator_commands.h"

#include <cstdio>
#include <iostream>

#include "cli/user_import.h"
#include "installation/store_lock.h"
#include "server/operator.h"
#include "server/platform.h"
#include "wire/json_text.h"

namespace merlon::cli {

OperatorCommands::OperatorCommands(CLI::App& program, Arguments& arguments)
    : program_(program), arguments_(arguments) {
    add_user_commands();
    add_session_commands();
    add_key_commands();
}

void OperatorCommands::add_user_commands() {
    auto* group = add_group("user", "Accounts");
    auto* create = add(group, "create", "Make an account", Output::Shown);
    take(create, "--email", "email", "")->required();
    take(create, "--first-name", "firstName", "")->required();
    take(create, "--last-name", "lastName", "")->required();
    take(create, "--role", "role", "Default: user");
    take_password(create);
    add(group, "list", "List accounts", Output::Shown);
    auto* lock = add(group, "lock", "Refuse sign-ins; ends the user's sessions", Output::Quiet);
    take(lock, "email", "email", "")->required();
    auto* unlock = add(group, "unlock", "Allow sign-ins again", Output::Quiet);
    take(unlock, "email", "email", "")->required();
    auto* role = add(group, "role", "Change the role; ends the user's sessions", Output::Quiet);
    take(role, "email", "email", "")->required();
    take(role, "role", "role", "")->required();
    auto* password =
        add(group, "password", "Give a new password; ends the user's sessions", Output::Quiet);
    take(password, "email", "email", "")->required();
    take_password(password);
    add_user_import(*group, arguments_);
}

void OperatorCommands::add_session_commands() {
    auto* group = add_group("session", "Who is signed in where");
    auto* list = add(group, "list", "List a user's sessions", Output::Shown);
    auto* whose = list->add_option_group("whose");
    whose->require_option(1);
    take(whose, "--user", "user", "The user's id");
    take(whose, "--email", "email", "The user's e-mail address");
    auto* revoke =
        add(group, "revoke", "End a session; its tokens are refused at once", Output::Quiet);
    take(revoke, "session", "session", "The session's id")->required();
}

void OperatorCommands::add_key_commands() {
    auto* group = add_group("key", "The keys that sign tokens");
    add(group, "list", "List the keys that still verify something, newest first", Output::Shown);
    auto* rotate = add(group, "rotate",
                       "Make a new key: published now, signing in five minutes; the old one "
                       "verifies until its last token has expired",
                       Output::Shown);
    rotate->add_flag_callback(
        "--now", [this] { members_["start"] = "now"; },
        "Sign with it at once; whoever keeps our JWKS may refuse its tokens for five minutes");
    auto* retire = add(group, "retire", "End a key: every token it made is refused from now on",
                       Output::Shown);
    take(retire, "kid", "kid", "As key list says")->required();
}

CLI::App* OperatorCommands::add_group(const char* name, const char* help) {
    auto* group = program_.add_subcommand(name, help);
    group->require_subcommand(1);
    return group;
}

CLI::App* OperatorCommands::add(CLI::App* group, const char* verb, const char* help,
                                Output output) {
    auto* command = group->add_subcommand(verb, help);
    add_config_options(*command, arguments_);
    command->add_flag_callback("--json", [] {}, "JSON, which it always is");
    command->callback([this, name = group->get_name() + "." + verb, output] {
        arguments_.code = run(name, output);
    });
    return command;
}

CLI::Option* OperatorCommands::take(CLI::App* command, const char* option, const char* member,
                                    const char* help) {
    return command->add_option(option, members_[member], help);
}

// On standard input, so that it stands in no list of processes and no shell's history.
void OperatorCommands::take_password(CLI::App* command) {
    command
        ->add_flag_callback(
            "--password-stdin", [this] { std::getline(std::cin, members_["password"]); },
            "The password is the first line of standard input")
        ->required();
}

std::string OperatorCommands::json(const std::string& name) const {
    std::string text = R"({"command":")" + name + "\"";
    for (const auto& [member, value] : members_) {
        if (value.empty()) continue;
        text.append(",\"").append(member).append("\":");
        wire::append_json_string(text, value);
    }
    return text + "}";
}

int OperatorCommands::run(const std::string& name, Output output) {
    auto settings = load_store_settings(arguments_, TokenUse::Some);
    if (!settings) return exit_configuration;
    const Outcome outcome =
        carry_out(*std::move(settings), json(name), server::Platform::run_offline);
    if (outcome.code != 0 || output == Output::Shown) {
        std::fprintf(outcome.code == 0 ? stdout : stderr, "%s\n", outcome.text.c_str());
    }
    return outcome.code;
}

Outcome carry_out(config::Settings settings, const std::string& command, Offline& offline) {
    auto asked = server::send_command(installation::operator_socket(settings), command);
    if (asked) return {asked->status == 200 ? 0 : 1, std::move(asked->body)};
    if (asked.error().rule != server::no_server_rule) {
        return {exit_unavailable, server::operator_error_json(asked.error())};
    }
    auto done = offline(std::move(settings), command);
    if (!done) return {1, server::operator_error_json(done.error())};
    return {0, *std::move(done)};
}

}  // namespace merlon::cli
