// Commands, their socket, and asking it.
#include "app/operator.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "http/problem.h"
#include "wire/json.h"

namespace merlon::app {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& command, std::string_view name) {
    const json::value* value = command.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

}  // namespace

Task<std::string> run_command(identity::Identity* identity, std::string text) {
    const auto parsed = wire::parse_json(text, {.bytes = 64 << 10, .depth = 4});
    if (!parsed || !parsed->is_object()) co_return fail(Kind::Invalid, "command.malformed");
    const json::object& command = parsed->get_object();
    const std::string name = text_of(command, "command");
    if (name == "user.list") co_return co_await identity->list_accounts();
    if (name == "user.create") {
        auto form = MERLON_CO_TRY(identity::RegisterForm::parse(text));
        co_return co_await identity->create_account(std::move(form), text_of(command, "role"));
    }
    const auto email = wire::Email::parse(text_of(command, "email"));
    if (!email) co_return fail(Kind::Invalid, "command.email", "no e-mail address");
    using Lock = identity::Identity::Lock;
    if (name == "user.lock") {
        MERLON_CO_TRY(co_await identity->set_lock(*email, Lock::On));
    } else if (name == "user.unlock") {
        MERLON_CO_TRY(co_await identity->set_lock(*email, Lock::Off));
    } else if (name == "user.role") {
        MERLON_CO_TRY(co_await identity->set_role(*email, text_of(command, "role")));
    } else {
        co_return fail(Kind::Invalid, "command.unknown", name);
    }
    co_return std::string("{}");
}

Task<> OperatorHandler::serve(http::Exchange& exchange) {
    std::string body;
    while (true) {
        const std::string_view piece = MERLON_CO_TRY(co_await exchange.read_body());
        if (piece.empty()) break;
        body.append(piece);
    }
    auto done = co_await run_command(&identity_, std::move(body));
    http::Response response;
    if (done) {
        response.body = *std::move(done);
    } else {
        response = refuse(exchange.peer(), done.error());
    }
    co_return co_await exchange.send(response.status, response.fields, response.body);
}

http::Response OperatorHandler::refuse(const http::Peer&, const Error& error) {
    const http::Problem problem = http::problem_of(error);
    return {problem.status, {}, http::envelope_json(problem, error)};
}

Result<CommandAnswer> ask_server(const std::string& path, const std::string& text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Kind::Unavailable, "command.no_server", "the socket's path is too long");
    }
    path.copy(address.sun_path, path.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval deadline{30, 0};  // a hash may wait behind many
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        return fail(Kind::Unavailable, "command.no_server", path);
    }
    const std::string request =
        "POST /command HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
        std::to_string(text.size()) + "\r\n\r\n" + text;
    std::string answer;
    char buffer[16'384];
    ssize_t bytes = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    while (bytes > 0 && (bytes = ::recv(socket, buffer, sizeof buffer, 0)) > 0) {
        answer.append(buffer, static_cast<std::size_t>(bytes));
    }
    ::close(socket);
    const std::size_t end = answer.find("\r\n\r\n");
    const auto status = text::parse_number<int>(
        std::string_view(answer).substr(std::min<std::size_t>(answer.size(), 9), 3));
    if (end == std::string::npos || !status) {
        return fail(Kind::Unavailable, "command.no_answer", "the server did not answer");
    }
    return CommandAnswer{*status, answer.substr(end + 4)};
}

}  // namespace merlon::app
