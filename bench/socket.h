// The few socket calls that the bench's own programs share. A bench that cannot go on stops at once
// with a reason: there is nobody to recover for.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace merlon::bench {

[[noreturn]] inline void stop(const char* why) {
    std::fprintf(stderr, "bench: %s%s%s\n", why, errno != 0 ? ": " : "",
                 errno != 0 ? std::strerror(errno) : "");
    std::exit(1);
}

inline sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline void send_at_once(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// A listening, non-blocking socket on 127.0.0.1.
inline int listen_on(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        stop("bind");
    }
    if (::listen(socket, 4'096) != 0) stop("listen");
    return socket;
}

// A connected socket to 127.0.0.1, non-blocking from here on.
inline int connect_to(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        stop("connect");
    }
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    send_at_once(socket);
    return socket;
}

// Somebody who waits for a socket.
class Watched {
public:
    virtual ~Watched() = default;
    // It can be read.
    virtual void happened() = 0;
};

// `owner` comes back with each event.
inline void watch(int epoll, int socket, void* owner) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = owner;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) stop("epoll_ctl");
}

// Messages here are small and one at a time, so the kernel's buffer always has room.
inline void send_all(int socket, std::string_view text) {
    if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
        stop("send");
    }
}

// The bytes of the message that `text` begins with, head and body by Content-Length; 0 until all
// of it is there.
inline std::size_t whole_message(std::string_view text) {
    const std::size_t head_end = text.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return 0;
    constexpr std::string_view field = "\r\nContent-Length: ";
    const std::size_t at = text.substr(0, head_end + 2).find(field);
    std::size_t body = 0;
    if (at != std::string_view::npos) {
        body = std::strtoul(text.data() + at + field.size(), nullptr, 10);
    }
    const std::size_t all = head_end + 4 + body;
    return text.size() >= all ? all : 0;
}

}  // namespace merlon::bench
