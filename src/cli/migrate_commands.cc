// merlon migrate: the tables of the store, without a server.
#include <cstdio>

#include "cli/commands.h"
#include "operations/migrate.h"

namespace merlon::cli {
namespace {

int exit_code_of(const Error& error) {
    if (error.kind == Kind::Unavailable) return exit_unavailable;
    return error.rule == storage::denied_rule ? exit_not_permitted : 1;
}

enum class Pending : std::uint8_t { Finding, Applied };

int migrate(const Arguments& arguments, Pending pending) {
    const auto settings = load(arguments, TokenUse::None, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    const auto reports = pending == Pending::Applied ? operations::migrate_tables(*settings)
                                                     : operations::report_tables(*settings);
    if (!reports) return report(std::unexpected(reports.error()), exit_code_of(reports.error()));
    const std::string text =
        arguments.json ? operations::to_json(*reports) : operations::to_text(*reports);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return operations::is_up_to_date(*reports) ? 0 : 1;
}

}  // namespace

void add_migrate(CLI::App& program, Arguments& arguments) {
    CLI::App* group = program.add_subcommand("migrate", "The store's tables");
    group->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, Pending pending) {
        CLI::App* command = group->add_subcommand(name, help);
        add_config_options(*command, arguments);
        add_json_option(*command, arguments);
        command->callback([&arguments, pending] { arguments.code = migrate(arguments, pending); });
    };
    add("up",
        "Bring them up to date, which serve does, too, when it starts; refused while a server runs",
        Pending::Applied);
    add("status", "Say which migrations are applied and which pend; exit 1 when one does",
        Pending::Finding);
}

}  // namespace merlon::cli
