// A name server that a test plays: it answers what the test says, and counts the questions.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace merlon::dns::testing {

// Over UDP, A records only; every other question has an answer without records. Names that it does
// not know do not exist; while it is silent it answers nothing.
class FakeServer final {
public:
    struct Record {
        std::vector<std::string> addresses;
        std::uint32_t ttl_seconds;
    };

    FakeServer() : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        const timeval turn{0, 50'000};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &turn, sizeof turn);
        thread_ = std::jthread([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) answer_one();
        });
    }
    ~FakeServer() {
        thread_.request_stop();
        thread_.join();
        ::close(socket_);
    }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    void set(const std::string& name, Record record) {
        const Lock lock(mutex_);
        records_[name] = std::move(record);
    }
    void remove(const std::string& name) {
        const Lock lock(mutex_);
        records_.erase(name);
    }
    void be_silent(bool is_silent) {
        const Lock lock(mutex_);
        is_silent_ = is_silent;
    }
    // For A records of this name.
    int questions(const std::string& name) const {
        const Lock lock(mutex_);
        const auto found = questions_.find(name);
        return found != questions_.end() ? found->second : 0;
    }

private:
    // RFC 1035 section 4.1: twelve bytes of header, then the question.
    static constexpr std::size_t header_bytes = 12;

    static std::string name_of(const std::string& question) {
        std::string name;
        for (std::size_t at = header_bytes; at < question.size() && question[at] != 0;) {
            const auto length = static_cast<unsigned char>(question[at]);
            if (!name.empty()) name += '.';
            name += question.substr(at + 1, length);
            at += 1 + length;
        }
        return name;
    }
    static void append_number(std::string& out, std::uint32_t number, int bytes) {
        for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> 8 * i & 0xff);
    }

    void answer_one() {
        std::array<char, 512> buffer;
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t got = ::recvfrom(socket_, buffer.data(), buffer.size(), 0,
                                       reinterpret_cast<sockaddr*>(&from), &size);
        if (got < static_cast<ssize_t>(header_bytes)) return;
        const std::string question(buffer.data(), static_cast<std::size_t>(got));
        const std::string name = name_of(question);
        const std::size_t question_end = header_bytes + name.size() + 2 + 4;
        const bool asks_for_a = question.substr(question_end - 4, 2) == std::string("\0\1", 2);
        const std::string answer = [&] {
            const Lock lock(mutex_);
            if (asks_for_a) ++questions_[name];
            if (is_silent_) return std::string();
            const auto found = records_.find(name);
            const bool exists = found != records_.end();
            const std::size_t count = exists && asks_for_a ? found->second.addresses.size() : 0;
            std::string out = question.substr(0, 2);
            out += std::string("\x81", 1) + static_cast<char>(exists ? 0x80 : 0x83);
            append_number(out, 1, 2);
            append_number(out, static_cast<std::uint32_t>(count), 2);
            append_number(out, 0, 4);
            out += question.substr(header_bytes, question_end - header_bytes);
            for (std::size_t i = 0; i < count; ++i) {
                append_number(out, 0xc00c, 2);  // the name of the question
                append_number(out, 0x00010001, 4);
                append_number(out, found->second.ttl_seconds, 4);
                append_number(out, 4, 2);
                append_number(out, ntohl(::inet_addr(found->second.addresses[i].c_str())), 4);
            }
            return out;
        }();
        if (answer.empty()) return;
        ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
                 size);
    }

    int socket_;
    std::uint16_t port_ = 0;
    mutable Mutex mutex_;
    std::map<std::string, Record> records_ MERLON_GUARDED_BY(mutex_);
    std::map<std::string, int> questions_ MERLON_GUARDED_BY(mutex_);
    bool is_silent_ MERLON_GUARDED_BY(mutex_) = false;
    std::jthread thread_;
};

}  // namespace merlon::dns::testing
