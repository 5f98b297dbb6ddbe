// Opens the file, sends the batches to the running server or has them imported into the store, and
// says what became of the people.
#include "cli/user_import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/file_descriptor.h"
#include "cli/command_channel.h"
#include "cli/import_report.h"
#include "cli/operator_text.h"
#include "installation/store_look.h"
#include "operations/import_rehearsal.h"
#include "operations/people_import.h"
#include "sealing/master_key.h"
#include "wire/json_text.h"

namespace merlon::cli {
namespace {

using identity::ImportOutcome;
using operations::ImportCounts;
using operations::PeopleImport;

struct Order {
    std::string file;
    std::string report;
    bool is_dry_run = false;
};

int complain(const std::string& text, int code) {
    std::fprintf(stderr, "merlon: %s\n", text.c_str());
    return code;
}

// What a batch gives. Error: "command.refused", the detail saying why.
Result<std::string> send(CommandChannel& channel, const std::string& command) {
    Outcome outcome = channel.send(command);
    if (outcome.code == 0) return std::move(outcome.text);
    return fail(outcome.code == exit_unavailable ? Kind::Unavailable : Kind::Invalid,
                "command.refused", error_text(outcome.text));
}

std::string to_json(const ImportCounts& counts, const Order& order) {
    std::string json =
        fmt::format(R"({{"people":{},"imported":{},"present":{},"refused":{},"withoutPassword":{},)"
                    R"("unverified":{},"dryRun":{},"roles":{{)",
                    counts.people, counts.imported, counts.present, counts.refused,
                    counts.without_password, counts.unverified, order.is_dry_run);
    for (const auto& [role, count] : counts.roles) {
        if (!json.ends_with('{')) json += ',';
        wire::append_json_string(json, role);
        json += fmt::format(":{}", count);
    }
    return json + "}}\n";
}

std::string to_text(const ImportCounts& counts, const Order& order) {
    std::string text = fmt::format(
        "{} people: {} {}, {} were there already, {} refused\n", counts.people, counts.imported,
        order.is_dry_run ? "would be imported" : "imported", counts.present, counts.refused);
    for (const auto& [role, count] : counts.roles) {
        text += fmt::format("{} with the role {}\n", count, role);
    }
    if (counts.without_password > 0) {
        text += fmt::format(
            "{} without a password: `merlon user password` gives one, before it nobody signs in\n",
            counts.without_password);
    }
    if (counts.unverified > 0) {
        text += fmt::format("{} with an unverified address, of which Merlon keeps no note\n",
                            counts.unverified);
    }
    if (order.is_dry_run) text += "A dry run: no account was made\n";
    return text;
}

// Where no server runs: a dry run makes no store, and no key.
Result<RunOffline> open_to_look(config::Settings settings) {
    using installation::StoreState;
    if (MERLON_TRY(installation::look_at_store(settings, SystemClock())) == StoreState::Whole) {
        MERLON_TRY(sealing::find_master_key(settings.keys));
        return open_store_alone(std::move(settings));
    }
    const auto rehearsal = std::make_shared<const operations::ImportRehearsal>(std::move(settings));
    return [rehearsal](const std::string& command) { return rehearsal->run(command); };
}

// Whoever reads the file can guess the passwords of its hashes offline.
void warn_if_open(int file, const std::string& name) {
    struct stat status{};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return;
    if ((status.st_mode & 077) == 0) return;
    complain("warning: others can open " + name + ", in which hashes of passwords stand: chmod 600",
             0);
}

int stop(const Error& error, const ImportCounts& counts) {
    complain(fmt::format("the import stopped after line {} ({} {}); run it again, what is imported "
                         "stays as it is",
                         counts.last_line, error.rule, error.detail),
             1);
    return error.kind == Kind::Unavailable ? exit_unavailable : 1;
}

int import(const Arguments& arguments, const Order& order) {
    auto settings = load(arguments, TokenUse::Some, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    const bool is_stdin = order.file == "-";
    const FileDescriptor file(is_stdin ? ::dup(STDIN_FILENO)
                                       : ::open(order.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return complain(order.file + ": " + std::strerror(errno), 2);
    if (!is_stdin) warn_if_open(file.get(), order.file);
    auto report = ImportReport::open(order.report, file.get());
    if (!report) return complain(order.report + ": " + report.error().detail, 2);

    SystemEntropy entropy;
    CommandChannel channel(*std::move(settings),
                           order.is_dry_run ? open_to_look : open_store_alone);
    PeopleImport import(file.get(),
                        order.is_dry_run ? PeopleImport::Mode::DryRun : PeopleImport::Mode::Store,
                        entropy);
    const Result<> done =
        import.run([&](const std::string& command) { return send(channel, command); },
                   [&](const ImportOutcome& outcome) { return report->add(outcome); });
    report->end();
    if (!done) return stop(done.error(), import.counts());
    const ImportCounts& counts = import.counts();
    if (!counts.is_every_duplicate_found) {
        complain(
            "warning: so many people that a dry run does not find all who stand in the file "
            "twice; the import does",
            0);
    }
    const std::string text = arguments.json ? to_json(counts, order) : to_text(counts, order);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return counts.refused == 0 ? 0 : 1;
}

}  // namespace

void add_user_import(CLI::App& group, Arguments& arguments) {
    // Lives in the callback, as long as the command.
    const auto order = std::make_shared<Order>();
    CLI::App* command = group.add_subcommand(
        "import",
        "Take over people from another system, with their ids and the hashes of their passwords: "
        "one JSON object a line with id (a UUID), email, firstName, lastName and, where they are "
        "known, role, hash (bcrypt or argon2), createdAt, verified. One that was killed goes on "
        "when it is called again: who is there already stays as they are. Exit code 1: some lines "
        "were refused, and all others imported");
    add_config_options(*command, arguments);
    add_json_option(*command, arguments);
    command->add_flag("--dry-run", order->is_dry_run,
                      "Judge every line; change nothing and make nothing");
    command->add_option(
        "--report", order->report,
        "A file for the refused lines, or /dev/stdout: their number, the rule and a "
        "sentence, as JSON (default: the first 20 on standard error)");
    command->add_option("file", order->file, "The people; - is standard input")->required();
    command->callback([&arguments, order] { arguments.code = import(arguments, *order); });
}

}  // namespace merlon::cli
