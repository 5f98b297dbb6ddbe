// Sends commands over the socket, or opens the store once.
#include "cli/command_channel.h"

#include "cli/exit_code.h"
#include "installation/store_lock.h"
#include "server/operator.h"
#include "server/platform.h"

namespace merlon::cli {
namespace {

Outcome failed(const Error& error, int code) { return {code, server::operator_error_json(error)}; }

}  // namespace

Result<RunOffline> open_store(config::Settings settings) {
    const std::shared_ptr<server::Platform> platform =
        MERLON_TRY(server::Platform::open_offline(std::move(settings)));
    return [platform](std::string command) { return platform->run_command(std::move(command)); };
}

Result<RunOffline> open_store_alone(config::Settings settings) {
    const std::shared_ptr<installation::StoreLock> lock =
        MERLON_TRY(installation::StoreLock::take(settings));
    const std::shared_ptr<server::Platform> platform =
        MERLON_TRY(server::Platform::open_offline(std::move(settings)));
    return
        [lock, platform](std::string command) { return platform->run_command(std::move(command)); };
}

CommandChannel::CommandChannel(config::Settings settings, Open& open)
    : socket_(installation::operator_socket(settings)),
      settings_(std::move(settings)),
      open_(open) {}

Outcome CommandChannel::send(const std::string& command) {
    if (!offline_) {
        auto asked = server::send_command(socket_, command);
        if (asked) {
            is_served_ = true;
            return {asked->status == 200 ? 0 : 1, std::move(asked->body)};
        }
        const bool may_open = asked.error().rule == server::no_server_rule && !is_served_;
        if (is_served_) asked.error().detail = "the server has stopped";
        if (!may_open) return failed(asked.error(), exit_unavailable);
        auto opened = open_(std::move(settings_));
        if (!opened) return failed(opened.error(), 1);
        offline_ = *std::move(opened);
    }
    auto done = offline_(command);
    return done ? Outcome{0, *std::move(done)} : failed(done.error(), 1);
}

}  // namespace merlon::cli
