// The service behind every gateway of the bench: answers each request with the same JSON, at the
// least cost there is. `bench_upstream PORT`.
#include <memory>

#include "socket.h"

using namespace merlon::bench;

namespace {

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 114\r\n\r\n"
    R"({"id":"0190a6c2-9a1e-7c3b-8a55-3f1c2d4e5f60","name":"Walnut desk","price":24900,"currency":"EUR","stock":"plenty"})";

struct Connection {
    int socket;
    std::string input;
};

// False when the peer has gone.
bool serve(Connection& connection) {
    char bytes[16'384];
    const ssize_t got = ::recv(connection.socket, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    connection.input.append(bytes, static_cast<std::size_t>(got));
    while (const std::size_t length = whole_message(connection.input)) {
        connection.input.erase(0, length);
        send_all(connection.socket, answer);
    }
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) stop("usage: bench_upstream PORT");
    static_assert(answer.size() - answer.find("\r\n\r\n") - 4 == 114);
    const int listener = listen_on(std::atoi(arguments[1]));
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener, nullptr);
    while (true) {
        epoll_event events[256];
        const int ready = ::epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; ++i) {
            auto* connection = static_cast<Connection*>(events[i].data.ptr);
            if (connection == nullptr) {
                const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                if (socket < 0) continue;
                send_at_once(socket);
                watch(epoll, socket, std::make_unique<Connection>(socket).release());
            } else if (!serve(*connection)) {
                ::close(connection->socket);
                delete connection;
            }
        }
    }
}
