// Opens the file and the report, sends the batches to the running server or has them imported into
// the store, and says what became of the people.
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
#include "cli/operator_text.h"
#include "operations/people_import.h"
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

// The refused lines: all into the report, the first ones to standard error where there is none.
class Refusals {
public:
    explicit Refusals(int report) : report_(report) {}

    Result<> add(const ImportOutcome& outcome) {
        if (report_ < 0) {
            if (++count_ <= shown_max) show(outcome);
            return {};
        }
        std::string line = fmt::format(R"({{"line":{},"rule":"{}","message":)", outcome.line,
                                       outcome.rule);  // a rule needs no escape
        wire::append_json_string(line, outcome.message);
        line += "}\n";
        if (::write(report_, line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
            return {};
        }
        return fail(Kind::Unavailable, "import.report", "the report cannot be written");
    }

    void end() const {
        if (count_ <= shown_max) return;
        complain(fmt::format("{} more lines were refused; --report FILE says which and why",
                             count_ - shown_max),
                 1);
    }

private:
    static constexpr std::size_t shown_max = 20;
    static void show(const ImportOutcome& outcome) {
        complain(fmt::format("line {}: {}: {}", outcome.line, outcome.rule, outcome.message), 1);
    }

    int report_;
    std::size_t count_ = 0;
};

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

// Whoever reads the file can guess the passwords of its hashes offline.
void warn_if_open(int file, const std::string& name) {
    struct stat status{};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return;
    if ((status.st_mode & 077) == 0) return;
    complain("warning: others can open " + name + ", in which hashes of passwords stand: chmod 600",
             0);
}

bool is_same_file(int one, int other) {
    struct stat first{};
    struct stat second{};
    return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// -1: none is asked for. It is emptied only once it is known not to be the file that is imported.
Result<int> open_report(const Order& order, int file) {
    if (order.report.empty()) return -1;
    const int report =
        ::open(order.report.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (report < 0) return fail(Kind::Invalid, "import.report", std::strerror(errno));
    struct stat status{};
    const bool is_regular = ::fstat(report, &status) == 0 && S_ISREG(status.st_mode);
    if (is_same_file(report, file) ||
        (is_regular && (::fchmod(report, 0600) != 0 || ::ftruncate(report, 0) != 0))) {
        ::close(report);
        return fail(Kind::Invalid, "import.report", "it has to be a file of its own");
    }
    return report;
}

int stop(const Error& error, const ImportCounts& counts) {
    complain(fmt::format("the import stopped after line {} ({} {}); run it again, what is imported "
                         "stays as it is",
                         counts.last_line, error.rule, error.detail),
             1);
    return error.kind == Kind::Unavailable ? exit_unavailable : 1;
}

int import(const Arguments& arguments, const Order& order) {
    auto settings = load_store_settings(arguments, TokenUse::Some);
    if (!settings) return exit_configuration;
    const bool is_stdin = order.file == "-";
    const FileDescriptor file(is_stdin ? ::dup(STDIN_FILENO)
                                       : ::open(order.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return complain(order.file + ": " + std::strerror(errno), 2);
    if (!is_stdin) warn_if_open(file.get(), order.file);
    const auto opened = open_report(order, file.get());
    if (!opened) return complain(order.report + ": " + opened.error().detail, 2);
    const FileDescriptor report(*opened);

    SystemEntropy entropy;
    CommandChannel channel(*std::move(settings), open_store_alone);
    Refusals refusals(report.get());
    PeopleImport import(file.get(),
                        order.is_dry_run ? PeopleImport::Mode::DryRun : PeopleImport::Mode::Store,
                        entropy);
    const Result<> done =
        import.run([&](const std::string& command) { return send(channel, command); },
                   [&](const ImportOutcome& outcome) { return refusals.add(outcome); });
    refusals.end();
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
    command->add_flag("--dry-run", order->is_dry_run, "Judge every line, and change nothing");
    command->add_option("--report", order->report,
                        "A file for the refused lines: their number, the rule and a sentence, as "
                        "JSON (default: the first 20 on standard error)");
    command->add_option("file", order->file, "The people; - is standard input")->required();
    command->callback([&arguments, order] { arguments.code = import(arguments, *order); });
}

}  // namespace merlon::cli
