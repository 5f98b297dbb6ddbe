// merlon store: copies an installation's tables to another database.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "config/database_url.h"
#include "operations/store_copy.h"

namespace merlon::cli {
namespace {

std::string to_text(const std::vector<operations::CopiedTable>& tables) {
    std::string text;
    for (const operations::CopiedTable& table : tables) {
        text += fmt::format("{:<9} {:<18} {:>10}  {}\n", table.role, table.name, table.sum.rows,
                            table.sum.text());
    }
    return text;
}

// Names are our own: nothing in them needs an escape.
std::string to_json(const std::vector<operations::CopiedTable>& tables) {
    std::string json = R"({"tables":[)";
    for (const operations::CopiedTable& table : tables) {
        if (!json.ends_with('[')) json += ',';
        json += fmt::format(R"({{"role":"{}","table":"{}","rows":{},"sum":"{}"}})", table.role,
                            table.name, table.sum.rows, table.sum.text());
    }
    return json + "]}\n";
}

int exit_code_of(const Error& error) {
    if (error.kind == Kind::Unavailable) return exit_unavailable;
    if (error.rule == storage::denied_rule) return exit_not_permitted;
    return error.rule == operations::nothing_to_copy_rule || error.rule == config::url_rule ? 2 : 1;
}

int copy(const Arguments& arguments, const operations::CopyOrder& order) {
    const auto settings = load_store_settings(arguments, TokenUse::None);
    if (!settings) return exit_configuration;
    const auto copied = operations::copy_store(*settings, order);
    if (!copied) return report(std::unexpected(copied.error()), exit_code_of(copied.error()));
    const std::string text = arguments.json ? to_json(*copied) : to_text(*copied);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

}  // namespace

void add_store(CLI::App& program, Arguments& arguments) {
    CLI::App* group = program.add_subcommand("store", "Where the data lives");
    group->require_subcommand(1);
    // Lives in the callbacks, as long as the commands.
    const auto order = std::make_shared<operations::CopyOrder>();
    CLI::App* command = group->add_subcommand(
        "copy",
        "Copy everything into another, empty store: sqlite:path or postgres://user@host/database, "
        "either way. Stop "
        "the server first. What is not said is the configuration's, so write the new urls and "
        "passwords there and say where the data was: store copy --from sqlite:data/merlon.db "
        "--keys-from sqlite:data/keys.db. Keys stay where they are unless --keys-from or --keys-to "
        "says otherwise; roles are where store.roles says, unless --from or --to names one "
        "database for all of them. One that was killed goes on when it is called again");
    add_config_options(*command, arguments);
    add_json_option(*command, arguments);
    command->add_option("--from", order->from,
                        "The store's url now (default: store.url, store.roles)");
    command->add_option("--to", order->to,
                        "The store's url then (default: store.url, store.roles)");
    command->add_option("--keys-from", order->keys_from,
                        "The key store's url now (default: keys.url)");
    command->add_option("--keys-to", order->keys_to,
                        "The key store's url then (default: keys.url)");
    command->callback([&arguments, order] { arguments.code = copy(arguments, *order); });
}

}  // namespace merlon::cli
