// merlon audit tail: asks for the newest events, then for later ones.
#include "cli/audit_tail.h"

#include <csignal>
#include <cstdio>

#include "audit/event_text.h"
#include "cli/command_channel.h"
#include "cli/operator_text.h"
#include "events/event.h"
#include "installation/store_lock.h"
#include "operations/event_reader.h"
#include "server/operator.h"
#include "wire/json.h"

namespace merlon::cli {
namespace {

template <class Named>
std::vector<std::string> names(std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) all.emplace_back(events::name(static_cast<Named>(i)));
    return all;
}

// For one command.
Result<RunOffline> open_events(config::Settings settings) {
    const auto kept = std::make_shared<config::Settings>(std::move(settings));
    return [kept](std::string command) {
        return operations::read_events(std::move(*kept), std::move(command));
    };
}

}  // namespace

AuditTail::AuditTail(CLI::App& program, Arguments& arguments) : arguments_(arguments) {
    CLI::App* group = program.add_subcommand("audit", "What happened");
    group->require_subcommand(1);
    CLI::App* tail = group->add_subcommand("tail", "Print the newest security events, newest last");
    add_config_options(*tail, arguments);
    tail->add_option("-n,--lines", count_, "How many, at most 1000 (default: 20)")
        ->check(CLI::Range(std::int64_t{1}, operations::audit_tail_max));
    tail->add_flag("-f,--follow", follows_, "Go on with those to come, until interrupted");
    tail->add_option("--type", type_, "Of this type only, such as LOGIN")
        ->check(CLI::IsMember(names<events::Type>(events::types)));
    tail->add_option("--severity", severity_, "Of this severity only: info, warning, critical")
        ->check(CLI::IsMember(names<events::Severity>(events::severities)));
    add_json_option(*tail, arguments);
    tail->callback([this] { arguments_.code = run(); });
}

int AuditTail::run() {
    auto settings = load(arguments_, TokenUse::None, StoreUse::Some).settings;
    if (!settings) return exit_configuration;
    // Before the first answer, so that an interrupt ends a --follow in one way only.
    sigset_t interrupts;
    ::sigemptyset(&interrupts);
    ::sigaddset(&interrupts, SIGINT);
    ::sigaddset(&interrupts, SIGTERM);
    if (follows_) ::pthread_sigmask(SIG_BLOCK, &interrupts, nullptr);

    const std::string socket = installation::operator_socket(*settings);
    CommandChannel channel(*std::move(settings), open_events);
    const Outcome outcome = channel.send(command());
    if (outcome.code != 0) {
        const std::string text =
            arguments_.json ? outcome.text : "merlon: " + error_text(outcome.text);
        std::fprintf(stderr, "%s\n", text.c_str());
        return outcome.code;
    }
    if (!show(outcome.text)) return 1;
    return follows_ ? follow(socket, interrupts) : 0;
}

// A server that is away is waited for: to open its store meanwhile would be in the way of its
// start.
int AuditTail::follow(const std::string& socket, const sigset_t& interrupts) {
    constexpr timespec second{1, 0};
    bool is_away = false;
    while (::sigtimedwait(&interrupts, nullptr, &second) < 0) {
        const auto asked = server::send_command(socket, command());
        const bool is_answered = asked && asked->status == 200;
        if (is_answered && !show(asked->body)) return 1;
        if (!is_answered && !is_away) std::fputs("merlon: no server answers; waiting\n", stderr);
        is_away = !is_answered;
    }
    return 0;
}

std::string AuditTail::command() const {
    std::string text = R"({"command":"audit.tail","limit":")";
    text += std::to_string(last_.empty() ? count_ : operations::audit_tail_max);
    if (!last_.empty()) text += R"(","after":")" + last_;
    if (!type_.empty()) text += R"(","type":")" + type_;
    if (!severity_.empty()) text += R"(","severity":")" + severity_;
    return text + "\"}";
}

bool AuditTail::show(const std::string& answer) {
    constexpr std::size_t answer_bytes_max = 64 << 20;
    const auto parsed = wire::parse_json(answer, {.bytes = answer_bytes_max, .depth = 4});
    const auto* object = parsed ? parsed->if_object() : nullptr;
    const auto* last = object != nullptr ? object->if_contains("last") : nullptr;
    const auto* events = object != nullptr ? object->if_contains("events") : nullptr;
    if (last == nullptr || events == nullptr || !last->is_string() || !events->is_array()) {
        std::fputs("merlon: the server's answer is no list of events\n", stderr);
        return false;
    }
    last_ = last->get_string();
    for (const auto& event : events->get_array()) {
        const std::string text(event.is_string() ? std::string_view(event.get_string()) : "");
        const std::string line =
            arguments_.json ? audit::event_as_json(text) : audit::event_as_text(text);
        std::printf("%s\n", line.c_str());
    }
    return std::fflush(stdout) == 0;
}

}  // namespace merlon::cli
