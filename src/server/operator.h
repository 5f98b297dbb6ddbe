// Operator commands over the running server's Unix socket: the handler, and the client.
#pragma once

#include <string>

#include "http/exchange.h"
#include "operations/run_command.h"

namespace merlon::server {

// The error envelope with two more members for the operator: rule and detail.
std::string operator_error_json(const Error& error);

// Serves POST /command on the admin socket, whose file only the server's user can open. Thread:
// that of the admin loop. Borrows the targets for life.
class OperatorHandler final : public http::Handler {
public:
    explicit OperatorHandler(operations::CommandTargets targets) : targets_(std::move(targets)) {}
    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const wire::RequestHead* head,
                          const Error& error) override;

private:
    operations::CommandTargets targets_;
};

// Nobody listens on the operator socket (Unavailable).
inline constexpr std::string_view no_server_rule = "command.no_server";

struct CommandResponse {
    int status = 0;
    std::string body;
};

// Sends a command to the running server. Error: no_server_rule.
Result<CommandResponse> send_command(const std::string& socket_path, const std::string& json);

}  // namespace merlon::server
