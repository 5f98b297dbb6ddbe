// merlon audit tail: the newest stored security events, and those to come.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

#include "cli/commands.h"

namespace merlon::cli {

// Lives as long as the command line it adds to, whose parsing fills it.
class AuditTail final {
public:
    // Borrows both.
    AuditTail(CLI::App& program, Arguments& arguments);

private:
    int run();
    int follow(const std::string& socket, const sigset_t& interrupts);
    // Asks for the newest events, or for those after `last_`.
    std::string command() const;
    // Prints the answer's events and takes its `last`. False: nobody reads any more.
    bool show(const std::string& answer);

    Arguments& arguments_;
    int count_ = 20;
    std::string type_;
    std::string severity_;
    bool follows_ = false;
    std::string last_;  // how far has been asked for, in the server's words; empty: not yet
};

}  // namespace merlon::cli
