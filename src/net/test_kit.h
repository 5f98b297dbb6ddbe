// For tests of what speaks HTTP: the other side of a connection, played by hand with blocking
// sockets, while the code under test runs on a loop in a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <string>
#include <thread>

#include "net/deadlines.h"

namespace merlon::net::testing {

// One connection. Reads give up after ten seconds, so that a failing test ends.
class Wire final {
public:
    explicit Wire(int socket) : socket_(socket) {
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    Wire(Wire&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), rest_(std::move(other.rest_)) {}
    Wire& operator=(Wire&& other) noexcept {
        std::swap(socket_, other.socket_);
        std::swap(rest_, other.rest_);
        return *this;
    }
    ~Wire() { close(); }

    static Wire connect(std::uint16_t port) {
        const int made = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return Wire(made);
    }

    int native() const { return socket_; }
    bool send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // Up to and with `end`; what there was when the peer finishes before.
    std::string read_until(std::string_view end) {
        while (rest_.find(end) == std::string::npos && fill()) {
        }
        const std::size_t at = rest_.find(end);
        return take(at == std::string::npos ? rest_.size() : at + end.size());
    }
    std::string read_head() { return read_until("\r\n\r\n"); }
    std::string read(std::size_t bytes) {
        while (rest_.size() < bytes && fill()) {
        }
        return take(std::min(bytes, rest_.size()));
    }
    std::string read_all() {
        while (fill()) {
        }
        return take(rest_.size());
    }
    // Whether nothing comes for a while and the peer has not finished.
    bool is_silent() {
        const timeval moment{0, 300'000};
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
        char byte;
        const bool nothing = ::recv(socket_, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return rest_.empty() && nothing;
    }
    void finish_writing() { ::shutdown(socket_, SHUT_WR); }
    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

private:
    bool fill() {
        char buffer[65'536];
        const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got > 0) rest_.append(buffer, static_cast<std::size_t>(got));
        return got > 0;
    }
    std::string take(std::size_t bytes) {
        std::string taken = rest_.substr(0, bytes);
        rest_.erase(0, bytes);
        return taken;
    }

    int socket_;
    std::string rest_;
};

// A listening socket on a free port of 127.0.0.1.
class Listener final {
public:
    // `queue`: connections that wait to be accepted; the kernel lets one more in.
    explicit Listener(int queue = 64) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(socket_, queue), 0);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    int native() const { return socket_; }
    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    Wire accept() { return Wire(::accept(socket_, nullptr, nullptr)); }
    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

// A loop on a thread. What lives on the loop is made, used and destroyed by run().
class LoopThread final {
public:
    LoopThread() : deadlines_(loop_.get_executor()) {
        deadlines_.start();
        thread_ = std::jthread([this] { loop_.run(); });
    }
    ~LoopThread() { stop(); }

    Executor executor() { return loop_.get_executor(); }
    Deadlines& deadlines() { return deadlines_; }
    // Waits until the function has run on the loop.
    template <class Function>
    auto run(Function function) {
        std::packaged_task<decltype(function())()> task(std::move(function));
        auto result = task.get_future();
        asio::post(loop_, [&task] { task(); });
        return result.get();
    }
    void stop() {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    asio::io_context loop_{1};
    Deadlines deadlines_;
    std::jthread thread_;
};

}  // namespace merlon::net::testing
