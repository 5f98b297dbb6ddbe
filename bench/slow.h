// Clients that do everything slowly: thousands of connections, each of which has begun something
// and sends one more byte of it a second, or never reads what it asked for.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "socket.h"

namespace merlon::bench {

class SlowClients {
public:
    enum class Kind : std::uint8_t { Mixed, Handshakes };

    // Over TLS only handshakes can be slow without costing the client as much.
    SlowClients(int port, int count, Kind kind) {
        for (int i = 0; i < count; ++i) {
            const Habit& habit = kind == Kind::Handshakes
                                     ? stalled_handshake
                                     : habits[static_cast<std::size_t>(i) % habits.size()];
            connections_.push_back({connect_to(port), &habit});
            for (int times = 0; times < habit.times; ++times) {
                send_all(connections_.back().socket, habit.first);
            }
        }
    }

    // Sends what is due: spread evenly, a byte a second for each.
    void turn(std::chrono::steady_clock::time_point now) {
        if (connections_.empty()) return;
        for (; due_ <= now; due_ += std::chrono::nanoseconds{1'000'000'000} / connections_.size()) {
            const Connection& connection = connections_[next_++ % connections_.size()];
            // One that the server has closed by now stays so.
            ::send(connection.socket, connection.habit->more.data(), connection.habit->more.size(),
                   MSG_NOSIGNAL);
        }
    }
    // From now on, not from when the connections were made.
    void start(std::chrono::steady_clock::time_point now) { due_ = now; }

private:
    struct Habit {
        std::string_view first;
        std::string_view more;
        int times;
    };
    struct Connection {
        int socket;
        const Habit* habit;
    };
    static constexpr std::array<Habit, 3> habits{{
        {"GET /catalog/items/1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a", 1},
        {"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
         "Content-Length: 1000\r\n\r\n{",
         " ", 1},
        // Reads nothing of forty answers, and no empty send wakes anybody.
        {"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "", 40},
    }};
    // A record's header and the beginning of a ClientHello.
    static constexpr Habit stalled_handshake{std::string_view("\x16\x03\x01\x02\x00\x01", 6),
                                             std::string_view("\0", 1), 1};

    std::vector<Connection> connections_;
    std::size_t next_ = 0;
    std::chrono::steady_clock::time_point due_;
};

}  // namespace merlon::bench
