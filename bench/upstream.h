// The service behind every gateway of the bench: answers each request with the same JSON, at the
// least cost there is.
#pragma once

#include <memory>
#include <vector>

#include "socket.h"

namespace merlon::bench {

class Upstream final : public Watched {
public:
    // On the loop of `epoll`, which its owner turns.
    Upstream(int port, int epoll) : listener_(listen_on(port)), epoll_(epoll) {
        watch(epoll_, listener_, static_cast<Watched*>(this));
    }

    void happened() override {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0) return;
        send_at_once(socket);
        connections_.push_back(std::make_unique<Connection>(socket));
        watch(epoll_, socket, static_cast<Watched*>(connections_.back().get()));
    }

private:
    static constexpr std::string_view answer =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 114\r\n\r\n"
        R"({"id":"0190a6c2-9a1e-7c3b-8a55-3f1c2d4e5f60","name":"Walnut desk","price":24900,)"
        R"("currency":"EUR","stock":"plenty"})";
    static_assert(answer.size() - answer.find("\r\n\r\n") - 4 == 114);

    class Connection final : public Watched {
    public:
        explicit Connection(int socket) : socket_(socket) {}

        void happened() override {
            char bytes[16'384];
            const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
            if (got < 0 && errno == EAGAIN) return;
            if (got <= 0) {
                ::close(socket_);
                return;
            }
            input_.append(bytes, static_cast<std::size_t>(got));
            while (const std::size_t length = whole_message(input_)) {
                input_.erase(0, length);
                send_all(socket_, answer);
            }
        }

    private:
        int socket_;
        std::string input_;
    };

    int listener_;
    int epoll_;
    std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace merlon::bench
