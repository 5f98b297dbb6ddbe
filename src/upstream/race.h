// Connects to the targets of a service: to the next one when one fails, and beside one that takes
// long (RFC 8305, "happy eyeballs"). The first connection that is there wins.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "http/client.h"
#include "upstream/target.h"

namespace merlon::upstream {

// Lets another coroutine of the loop end a wait for a connection.
class Abandonment {
public:
    bool is_set() const { return is_set_; }
    void set() {
        is_set_ = true;
        if (wakes_ != nullptr) wakes_->cancel();
    }

private:
    friend class Race;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;
    bool is_set_ = false;
    Timer* wakes_ = nullptr;  // of the race under way
};

// Lives in the frame that waits. What is still connecting when it ends is given up.
class Race final {
public:
    // As long as one may take before the next is tried beside it (RFC 8305 section 5).
    static constexpr std::chrono::milliseconds head_start{250};

    // `abandonment` may be null.
    Race(Executor executor, net::Deadlines& deadlines, Abandonment* abandonment);
    ~Race();
    Race(const Race&) = delete;
    Race& operator=(const Race&) = delete;

    struct Try;
    // What the race has come to: one connection is there or has failed, one has had its head start,
    // or nobody waits any more.
    enum class News : std::uint8_t { Connected, Failed, Slow, Abandoned };

    // Begins to connect. A failure comes in order with the others.
    void start(Target& target, std::chrono::milliseconds timeout);
    Task<News> next();
    bool is_running() const { return running() > 0; }
    bool has_tried(const Target& target) const;

    // After Connected and Failed: whose it is.
    Target& decided() const;
    // After Connected, once.
    std::unique_ptr<http::ClientConnection> take_connection();
    // After Failed.
    const Error& failure() const;
    // Those that were begun before the one that won, and are not there yet.
    std::vector<Target*> overtaken() const;

private:
    std::size_t running() const;
    static Task<> connect(std::shared_ptr<Try> one, net::Deadlines* deadlines,
                          std::chrono::milliseconds timeout);

    Executor executor_;
    net::Deadlines& deadlines_;
    Abandonment own_;
    Abandonment& abandonment_;
    Abandonment::Timer wakes_;
    // Shared with the coroutines that connect.
    std::vector<std::shared_ptr<Try>> tries_;
    std::size_t decided_ = 0;
};

}  // namespace merlon::upstream
