// merlon store: copies an installation's tables to another database, into a backup and back.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "config/database_url.h"
#include "operations/backup/store_backup.h"
#include "operations/backup/store_restore.h"
#include "operations/store_copy.h"
#include "sealing/master_key.h"
#include "wire/json_text.h"

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
    if (error.rule == sealing::master_key_rule) return exit_configuration;
    const bool is_usage = error.rule == operations::nothing_to_copy_rule ||
                          error.rule == operations::places_rule || error.rule == config::url_rule;
    return is_usage ? exit_usage : 1;
}

int copy(const Arguments& arguments, const operations::CopyOrder& order) {
    const auto settings = load(arguments, TokenUse::None, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    const auto copied = operations::copy_store(*settings, order);
    if (!copied) return report(std::unexpected(copied.error()), exit_code_of(copied.error()));
    const std::string text = arguments.json ? to_json(*copied) : to_text(*copied);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

std::string text_of(std::string_view folder, const operations::Manifest& copy) {
    std::int64_t rows = 0;
    for (const operations::CopyTable& table : copy.tables) rows += table.rows;
    return fmt::format("{}  {}  backup {}, {}, {} tables, {} rows\n", name_of(copy.part), folder,
                       copy.backup, copy.taken_at, copy.tables.size(), rows);
}

std::string json_of(std::string_view folder, const operations::Manifest& copy) {
    std::string json = fmt::format(R"("{}":{{"folder":)", name_of(copy.part));
    wire::append_json_string(json, folder);
    json += R"(,"backup":)";
    wire::append_json_string(json, copy.backup);
    json += R"(,"takenAt":)";
    wire::append_json_string(json, copy.taken_at);
    json += R"(,"tables":[)";
    for (const operations::CopyTable& table : copy.tables) {
        if (!json.ends_with('[')) json += ',';
        json += fmt::format(R"({{"role":"{}","table":"{}","rows":{},"sum":"{}"}})", table.role,
                            table.name, table.rows, table.sum);
    }
    return json + "]}";
}

std::string text_of(const operations::MissingKeys& missing) {
    if (missing.count == 0) return {};
    return fmt::format("{} of {} people have no key, and nobody can read their data: {}{}\n",
                       missing.count, missing.accounts, fmt::join(missing.some, ", "),
                       std::cmp_less(missing.some.size(), missing.count) ? ", …" : "");
}

// What a backup or a restore gives: both copies, and how many people have no key.
void print_pair(const Arguments& arguments, std::string_view data_folder,
                const operations::Manifest& data, std::string_view keys_folder,
                const operations::Manifest& keys, const operations::MissingKeys& missing) {
    const std::string text =
        arguments.json
            ? fmt::format("{{{},{},\"people\":{},\"withoutKey\":{}}}\n", json_of(data_folder, data),
                          json_of(keys_folder, keys), missing.accounts, missing.count)
            : text_of(data_folder, data) + text_of(keys_folder, keys) + text_of(missing);
    std::fwrite(text.data(), 1, text.size(), stdout);
}

int back_up(const Arguments& arguments, const operations::Places& places) {
    const auto settings = load(arguments, TokenUse::None, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    const auto made = operations::back_up_store(*settings, places);
    if (!made) return report(std::unexpected(made.error()), exit_code_of(made.error()));
    print_pair(arguments, made->data_folder, made->data, made->keys_folder, made->keys,
               made->without_key);
    return 0;
}

int restore(const Arguments& arguments, const operations::Places& places,
            operations::OlderKeys older) {
    const auto settings = load(arguments, TokenUse::None, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    const auto done = operations::restore_store(*settings, places, older);
    if (!done) return report(std::unexpected(done.error()), exit_code_of(done.error()));
    print_pair(arguments, done->data.folder.native(), done->data.manifest,
               done->keys.folder.native(), done->keys.manifest, done->without_key);
    return 0;
}

void add_copy(CLI::App& group, Arguments& arguments) {
    // Lives in the callbacks, as long as the commands.
    const auto order = std::make_shared<operations::CopyOrder>();
    CLI::App* command = group.add_subcommand(
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

void add_backup(CLI::App& group, Arguments& arguments) {
    const auto places = std::make_shared<operations::Places>();
    CLI::App* command = group.add_subcommand(
        "backup",
        "Copy everything while the server runs: the data into a new folder in one place, then the "
        "keys into a new folder in another. Keep the keys' copies for a short time and apart from "
        "the data's: whose key is destroyed is unreadable in every copy of the data once the last "
        "copy of the key is gone. The master key is in neither. For SQLite and PostgreSQL; "
        "store restore puts a copy of either into either");
    add_config_options(*command, arguments);
    add_json_option(*command, arguments);
    command->add_option("--data", places->data, "Folder in which the data's copies are")
        ->required();
    command
        ->add_option("--keys", places->keys,
                     "Folder in which the keys' copies are: not the same, nor one in the other")
        ->required();
    command->callback([&arguments, places] { arguments.code = back_up(arguments, *places); });
}

void add_restore(CLI::App& group, Arguments& arguments) {
    const auto places = std::make_shared<operations::Places>();
    const auto is_older_accepted = std::make_shared<bool>(false);
    CLI::App* command = group.add_subcommand(
        "restore",
        "Put a copy of the data and one of the keys into the empty store of the configuration. "
        "Stop the server first, and put the master key where it was. The keys' copy is of the "
        "same backup or a later one: the newest is right. What is damaged, does not belong "
        "together or was not made by this release's tables is refused, and what is missing is "
        "said. One that was killed goes on when it is called again");
    add_config_options(*command, arguments);
    add_json_option(*command, arguments);
    command->add_option("--data", places->data, "Folder of one copy: PLACE/merlon-data-TIME-NUMBER")
        ->required();
    command->add_option("--keys", places->keys, "Folder of one copy: PLACE/merlon-keys-TIME-NUMBER")
        ->required();
    command->add_flag("--older-keys", *is_older_accepted,
                      "Take keys that are older than the data: whoever came in between stays "
                      "unreadable, and who was erased in between comes back");
    command->callback([&arguments, places, is_older_accepted] {
        arguments.code = restore(
            arguments, *places,
            *is_older_accepted ? operations::OlderKeys::Accepted : operations::OlderKeys::Refused);
    });
}

}  // namespace

void add_store(CLI::App& program, Arguments& arguments) {
    CLI::App* group = program.add_subcommand("store", "Where the data lives");
    group->require_subcommand(1);
    add_copy(*group, arguments);
    add_backup(*group, arguments);
    add_restore(*group, arguments);
}

}  // namespace merlon::cli
