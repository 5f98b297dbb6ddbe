// An operator's commands on the running server's own Unix socket.
#pragma once

#include <string>

#include "http/exchange.h"
#include "operations/run_command.h"

namespace merlon::server {

// The client's envelope with what an operator may know beside: rule and detail.
std::string operator_error_json(const Error& error);

// Serves POST /command on the admin socket, whose file only the server's user can open. Thread:
// that of the admin loop. Borrows what it operates for life.
class OperatorHandler final : public http::Handler {
public:
    explicit OperatorHandler(operations::Operated operated) : operated_(std::move(operated)) {}
    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const Error& error) override;

private:
    operations::Operated operated_;
};

// Nobody listens on the operator socket (Unavailable).
inline constexpr std::string_view no_server_rule = "command.no_server";

struct CommandAnswer {
    int status = 0;
    std::string body;
};

// Asks the running server. Error: no_server_rule.
Result<CommandAnswer> ask_server(const std::string& socket_path, const std::string& json);

}  // namespace merlon::server
