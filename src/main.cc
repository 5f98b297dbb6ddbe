// The program: read its arguments, run one command. The commands' names and options are in cli/.
#include <malloc.h>
#include <csignal>
#include <cstdio>

#include "cli/audit_tail.h"
#include "cli/commands.h"
#include "cli/memory_privacy.h"
#include "cli/operator_commands.h"
#include "cli/usage.h"
#include "crypto/wiped_memory.h"

namespace merlon::cli {
namespace {

void add_version(CLI::App& program, Arguments& arguments) {
    CLI::App* command = program.add_subcommand("version", "Print the version");
    add_json_option(*command, arguments);
    command->callback([&arguments] {
        std::printf(arguments.json ? "{\"version\":\"%s\"}\n" : "merlon %s\n", MERLON_VERSION);
    });
}

int run(int argc, char** argv) {
    CLI::App program{"Merlon, the security platform of a microservice system", "merlon"};
    program.require_subcommand(1);
    Arguments arguments;
    add_serve(program, arguments);
    add_config(program, arguments);
    const OperatorCommands operator_commands(program, arguments);
    AuditTail audit_tail(program, arguments);
    add_token(program, arguments);
    add_healthcheck(program, arguments);
    add_migrate(program, arguments);
    add_pki(program, arguments);
    add_store(program, arguments);
    add_render(program, arguments);
    add_completion(program, arguments);
    add_manual(program, arguments);
    add_version(program, arguments);
    add_help(program, arguments);
    program.set_version_flag("--version", "merlon " MERLON_VERSION, "Print the version");
    try {
        program.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        return program.exit(asked);
    } catch (const CLI::ParseError& error) {
        report_usage(program, {argv + 1, argv + argc}, error);
        return exit_usage;
    }
    return arguments.code;
}

}  // namespace
}  // namespace merlon::cli

int main(int argc, char** argv) {
    merlon::cli::forbid_dumps();
    merlon::crypto::wipe_freed_memory();
    // One heap for all threads. A request allocates next to nothing, so there is little to
    // contend for; with a heap for each thread every new connection grew the worker's by a system
    // call of its own.
    ::mallopt(M_ARENA_MAX, 1);
    // A peer that goes is an error of that write, not of the process.
    std::signal(SIGPIPE, SIG_IGN);
    // Nor is a file at the size that the operator allows it.
    std::signal(SIGXFSZ, SIG_IGN);
    return merlon::cli::run(argc, argv);
}
