// Serves the operator socket, and sends commands to it.
#include "server/operator.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "http/problem.h"
#include "wire/json_text.h"

namespace merlon::server {
std::string operator_error_json(const Error& error) {
    std::string json = R"({"rule":)";
    wire::append_json_string(json, error.rule);
    json += R"(,"detail":)";
    wire::append_json_string(json, error.detail);
    return json + ',' + http::envelope_json(http::problem_of(error), error).substr(1);
}

Task<> OperatorHandler::serve(http::Exchange& exchange) {
    exchange.keep_body_secret();
    Secret body;
    while (true) {
        const std::string_view piece = MERLON_CO_TRY(co_await exchange.read_body());
        if (piece.empty()) break;
        body.append(piece);
    }
    auto done = co_await operations::run_command(targets_, std::move(body));
    http::Response response;
    if (done) {
        response.body = *std::move(done);
    } else {
        response = refuse(exchange.peer(), nullptr, done.error());
    }
    co_return co_await exchange.send(response.status, response.fields, response.body);
}

http::Response OperatorHandler::refuse(const http::Peer&, const wire::RequestHead*,
                                       const Error& error) {
    return {http::problem_of(error).status, {}, operator_error_json(error)};
}

Result<CommandResponse> send_command(const std::string& path, const std::string& text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Kind::Unavailable, no_server_rule, "the socket's path is too long");
    }
    path.copy(address.sun_path, path.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval deadline{30, 0};  // a password hash may be queued behind many
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        return fail(Kind::Unavailable, no_server_rule, path);
    }
    const std::string request =
        "POST /command HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
        std::to_string(text.size()) + "\r\n\r\n" + text;
    std::string response;
    char buffer[16'384];
    ssize_t bytes = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    while (bytes > 0 && (bytes = ::recv(socket, buffer, sizeof buffer, 0)) > 0) {
        response.append(buffer, static_cast<std::size_t>(bytes));
    }
    ::close(socket);
    const std::size_t end = response.find("\r\n\r\n");
    const auto status = text::parse_number<int>(
        std::string_view(response).substr(std::min<std::size_t>(response.size(), 9), 3));
    if (end == std::string::npos || !status) {
        return fail(Kind::Unavailable, "command.no_answer", "the server did not answer");
    }
    return CommandResponse{*status, response.substr(end + 4)};
}

}  // namespace merlon::server
