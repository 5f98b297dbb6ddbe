// The commands that an operator gives to the running server, or to the store when none runs.
#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cli/command_channel.h"
#include "cli/commands.h"

namespace merlon::cli {

// Lives as long as the command line it adds to, whose parsing fills it.
class OperatorCommands final {
public:
    // Borrows both.
    OperatorCommands(CLI::App& program, Arguments& arguments);

private:
    void add_user_commands();
    void add_session_commands();
    void add_key_commands();
    CLI::App* add_group(const char* name, const char* help);
    CLI::App* add(CLI::App* group, const char* verb, const char* help);
    CLI::Option* take(CLI::App* command, const char* option, const char* member, const char* help);
    void take_user(CLI::App* command);
    void take_force(CLI::App* command);
    void take_password(CLI::App* command);
    int run(const std::string& name);
    Outcome list_users(CommandChannel& channel);
    struct ListedUser {
        std::string id;
        std::string role;
        std::array<std::string, 3> searched;  // the address and the names
        boost::json::value json;
    };
    // Nothing: it is no list of users.
    static std::optional<std::vector<ListedUser>> parse_users(const std::string& text);
    bool is_listed(const ListedUser& user) const;
    std::string json(const std::string& name) const;

    CLI::App& program_;
    Arguments& arguments_;
    std::map<std::string, std::string> members_;  // of the command's JSON; empty ones are not said
    std::set<std::string> flags_;                 // the same: those that are true
    std::string role_;                            // of user list: only users who have it
    std::string search_;  // of user list: only users in whose name or address it is
};

}  // namespace merlon::cli
