// The commands that an operator gives to the running server, or to the store when none runs.
#pragma once

#include <map>
#include <string>

#include "cli/commands.h"

namespace merlon::cli {

// How a command ended: 0 and the answer, or another exit code and the error; both are JSON.
struct Outcome {
    int code;
    std::string text;
};

// Asks the running server, or has `offline` work on the store itself when there is none.
using Offline = Result<std::string>(config::Settings, std::string command);
Outcome carry_out(config::Settings settings, const std::string& command, Offline& offline);

// Lives as long as the command line it adds to, whose parsing fills it.
class OperatorCommands final {
public:
    // Borrows both.
    OperatorCommands(CLI::App& program, Arguments& arguments);

private:
    enum class Output : std::uint8_t { Quiet, Shown };

    void add_user_commands();
    void add_session_commands();
    void add_key_commands();
    CLI::App* add_group(const char* name, const char* help);
    CLI::App* add(CLI::App* group, const char* verb, const char* help, Output output);
    CLI::Option* take(CLI::App* command, const char* option, const char* member, const char* help);
    void take_password(CLI::App* command);
    int run(const std::string& name, Output output);
    std::string json(const std::string& name) const;

    CLI::App& program_;
    Arguments& arguments_;
    std::map<std::string, std::string> members_;  // of the command's JSON; empty ones are not said
};

}  // namespace merlon::cli
