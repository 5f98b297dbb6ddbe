// merlon user, session and key: sends a command to the running server, or to the store.
#include "cli/operator_commands.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "cli/operator_text.h"
#include "cli/user_import.h"
#include "operations/run_command.h"
#include "wire/json_text.h"
#include "wire/unicode.h"

namespace merlon::cli {
namespace {

Outcome not_understood() {
    return {1, R"({"rule":"command.answer","detail":"the server's answer is not understood: is it )"
               R"(of another version? merlon version says ours"})"};
}

std::string member_of(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

std::optional<std::vector<OperatorCommands::ListedUser>> OperatorCommands::parse_users(
    const std::string& text) {
    boost::system::error_code error;
    const boost::json::value parsed = boost::json::parse(text, error);
    if (error || !parsed.is_array()) return std::nullopt;
    std::vector<ListedUser> users;
    for (const boost::json::value& one : parsed.get_array()) {
        if (!one.is_object()) return std::nullopt;
        const boost::json::object& user = one.get_object();
        users.push_back(
            {member_of(user, "id"),
             member_of(user, "role"),
             {member_of(user, "email"), member_of(user, "firstName"), member_of(user, "lastName")},
             one});
        if (users.back().id.empty()) return std::nullopt;
    }
    return users;
}

OperatorCommands::OperatorCommands(CLI::App& program, Arguments& arguments)
    : program_(program), arguments_(arguments) {
    add_user_commands();
    add_session_commands();
    add_key_commands();
}

void OperatorCommands::add_user_commands() {
    auto* group = add_group("user", "Accounts");
    auto* create = add(group, "create", "Make an account");
    take(create, "--email", "email", "")->required();
    take(create, "--first-name", "firstName", "")->required();
    take(create, "--last-name", "lastName", "")->required();
    take(create, "--role", "role", "Default: user");
    take_password(create);
    auto* list = add(group, "list", "List accounts, in the order of their ids");
    take(list, "--email", "email", "Only the one with this address");
    list->add_option("--role", role_, "Only those of this role");
    list->add_option("--search", search_, "Only those in whose name or address this is");
    auto* lock = add(group, "lock", "Refuse sign-ins; ends the user's sessions");
    take_user(lock);
    take_force(lock);
    take_user(add(group, "unlock", "Allow sign-ins again"));
    auto* role = add(group, "role", "Change the role; ends the user's sessions");
    take_user(role);
    take(role, "role", "role", "The new role")->required();
    take_force(role);
    auto* password = add(group, "password", "Give a new password; ends the user's sessions");
    take_user(password);
    take_password(password);
    add_user_import(*group, arguments_);
}

void OperatorCommands::add_session_commands() {
    auto* group = add_group("session", "Who is signed in where");
    take_user(add(group, "list", "List a user's sessions"));
    auto* revoke = add(group, "revoke", "End a session; its tokens are refused at once");
    take(revoke, "session", "session", "The session's id, as session list says")->required();
}

void OperatorCommands::add_key_commands() {
    auto* group = add_group("key", "The keys that sign tokens");
    add(group, "list", "List the keys that still verify something, newest first");
    auto* rotate = add(group, "rotate",
                       "Make a new key: published now, signing in five minutes; the old one "
                       "verifies until its last token has expired");
    rotate->add_flag_callback(
        "--now", [this] { flags_.emplace("atOnce"); },
        "Sign with it at once; whoever keeps our JWKS may refuse its tokens for five minutes");
    auto* retire = add(group, "retire", "End a key: every token it made is refused from now on");
    take(retire, "kid", "kid", "As key list says")->required();
}

CLI::App* OperatorCommands::add_group(const char* name, const char* help) {
    auto* group = program_.add_subcommand(name, help);
    group->require_subcommand(1);
    return group;
}

CLI::App* OperatorCommands::add(CLI::App* group, const char* verb, const char* help) {
    auto* command = group->add_subcommand(verb, help);
    add_config_options(*command, arguments_);
    command->add_flag("--json", arguments_.json, "Print JSON, as into a pipe");
    command->callback(
        [this, name = group->get_name() + "." + verb] { arguments_.code = run(name); });
    return command;
}

CLI::Option* OperatorCommands::take(CLI::App* command, const char* option, const char* member,
                                    const char* help) {
    return command->add_option(option, members_[member], help);
}

void OperatorCommands::take_user(CLI::App* command) {
    take(command, "user", "user", "The user: an e-mail address, or an id")->required();
}

void OperatorCommands::take_force(CLI::App* command) {
    command->add_flag_callback(
        "--force", [this] { flags_.emplace("force"); },
        "Even when nobody is left who is an admin and can sign in");
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
    for (const std::string& flag : flags_) text.append(",\"").append(flag).append("\":true");
    return text + "}";
}

int OperatorCommands::run(const std::string& name) {
    auto settings = load(arguments_, TokenUse::Some, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    CommandChannel channel(*std::move(settings), open_store);
    const Outcome outcome = name == "user.list" ? list_users(channel) : channel.send(json(name));
    if (outcome.code != 0) {
        const std::string text =
            arguments_.json ? outcome.text : "merlon: " + error_text(outcome.text);
        std::fprintf(stderr, "%s\n", text.c_str());
        return outcome.code;
    }
    const bool is_json = arguments_.json || ::isatty(STDOUT_FILENO) == 0;
    const std::string text = is_json ? outcome.text + "\n" : answer_text(name, outcome.text);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

// Page after page, so that the server holds one at a time.
Outcome OperatorCommands::list_users(CommandChannel& channel) {
    boost::json::array listed;
    while (true) {
        Outcome page = channel.send(json("user.list"));
        if (page.code != 0) return page;
        const auto users = parse_users(page.text);
        if (!users) return not_understood();
        for (const ListedUser& user : *users) {
            if (is_listed(user)) listed.push_back(user.json);
        }
        if (std::cmp_less(users->size(), operations::users_listed_max)) break;
        // A server of an older version gives the first page again.
        if (users->back().id <= members_["after"]) return not_understood();
        members_["after"] = users->back().id;
    }
    return {0, boost::json::serialize(listed)};
}

bool OperatorCommands::is_listed(const ListedUser& user) const {
    if (!role_.empty() && user.role != role_) return false;
    if (search_.empty()) return true;
    const std::string wanted = wire::fold_case(search_);
    return std::ranges::any_of(user.searched, [&](const std::string& words) {
        return wire::fold_case(words).contains(wanted);
    });
}

}  // namespace merlon::cli
