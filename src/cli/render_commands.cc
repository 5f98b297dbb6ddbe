// merlon render: what stands around an installation, made from its configuration.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "config/values.h"
#include "operations/render_postgres.h"
#include "operations/whole_file.h"
#include "wire/json_text.h"

namespace merlon::cli {
namespace {

using Files = std::vector<deploy::File>;

// What the command was told. CLI11 fills it.
struct RenderArguments {
    std::string folder;
    std::vector<std::string> clients;
};

std::string to_json(const Files& files, bool has_texts) {
    std::string json = R"({"files":[)";
    for (const deploy::File& file : files) {
        if (&file != &files.front()) json += ',';
        json += R"({"path":)";
        wire::append_json_string(json, file.path);
        if (has_texts) {
            json += R"(,"text":)";
            wire::append_json_string(json, file.text);
        }
        json += '}';
    }
    return json + "]}\n";
}

// A name before each text; of files that were written the names alone.
std::string to_text(const Files& files, bool has_texts) {
    std::string text;
    for (const deploy::File& file : files) {
        text += has_texts ? "#### " + file.path + "\n" + file.text : file.path + "\n";
    }
    return text;
}

Result<> write(Files& files, const std::filesystem::path& folder) {
    SystemEntropy entropy;
    for (deploy::File& file : files) {
        const std::filesystem::path path = folder / file.path;
        std::error_code error;
        std::filesystem::create_directories(path.parent_path(), error);
        if (error) {
            return fail(Kind::Unavailable, "file.unwritable",
                        path.parent_path().string() + ": " + error.message());
        }
        MERLON_TRY(
            operations::replace_whole_file(path, file.text, operations::mode_public, entropy));
        file.path = path.string();
    }
    return {};
}

int render(const Arguments& arguments, const RenderArguments& render) {
    for (const std::string& client : render.clients) {
        if (config::is_cidr(client)) continue;
        std::fprintf(stderr, "merlon: --clients takes CIDR blocks such as 10.0.0.0/8, not %s\n",
                     client.c_str());
        return 2;
    }
    const auto settings = load(arguments, TokenUse::None, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    auto files = operations::render_postgres(*settings, render.clients);
    if (!files) return report(std::unexpected(files.error()), exit_configuration);
    const bool is_shown = render.folder.empty();
    if (!is_shown) {
        if (const Result<> done = write(*files, render.folder); !done) return report(done, 1);
    }
    const std::string text = arguments.json ? to_json(*files, is_shown) : to_text(*files, is_shown);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

}  // namespace

void add_render(CLI::App& program, Arguments& arguments) {
    CLI::App* group =
        program.add_subcommand("render", "Files for what stands around an installation");
    group->require_subcommand(1);
    // Lives in the callbacks, as long as the commands.
    const auto render_arguments = std::make_shared<RenderArguments>();

    CLI::App* postgres = group->add_subcommand(
        "postgres",
        "For the PostgreSQL servers that the urls of the configuration name: setup.sql makes a "
        "database, a role that migrates and one that serves with what it needs and no more; "
        "passwords.sql asks for their passwords; pg_hba.conf and postgresql.conf are the server's");
    add_config_options(*postgres, arguments);
    add_json_option(*postgres, arguments);
    postgres->add_option("-o,--output", render_arguments->folder,
                         "The folder to write to (default: standard output)");
    postgres
        ->add_option("--clients", render_arguments->clients,
                     "Who may connect, as a CIDR block; may be said again (default: all)")
        ->allow_extra_args(false);
    postgres->callback(
        [&arguments, render_arguments] { arguments.code = render(arguments, *render_arguments); });
    for (const char* absent : {"kubernetes", "container", "systemd"}) {
        CLI::App* command = group->add_subcommand(absent, "Not in this version");
        add_json_option(*command, arguments);
        command->callback([&arguments, absent] {
            std::fprintf(stderr, "merlon: render %s is not in this version\n", absent);
            arguments.code = 2;
        });
    }
}

}  // namespace merlon::cli
