// Deadlines of one worker: a hashed timer wheel (Varghese and Lauck 1987, scheme 6).
//
// A gateway sets several deadlines per request and almost none of them expires. Setting one here is
// a few pointer writes and no clock call; one timer of the loop serves all of them, four times a
// second. A deadline therefore expires up to one tick late, never early.
//
// Used by one thread only, the worker's.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>

#include "base/task.h"

namespace merlon::net {

class Deadlines {
public:
    static constexpr std::chrono::milliseconds tick_length{250};

    // Something that can expire. Its owner destroys it only on the worker's thread.
    class Entry {
    public:
        Entry() = default;
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        // Called once when the deadline has passed; the entry is no longer set then.
        virtual void expired() = 0;

    protected:
        virtual ~Entry() { unlink(); }

    private:
        friend class Deadlines;
        void unlink();
        bool is_set() const { return next_ != nullptr; }

        Entry* next_ = nullptr;
        Entry* previous_ = nullptr;
        std::uint64_t due_tick_ = 0;
    };

    explicit Deadlines(Executor executor);
    ~Deadlines();

    // Starts or moves the deadline of `entry` to `delay` from now.
    void set(Entry& entry, std::chrono::milliseconds delay);
    void clear(Entry& entry) { entry.unlink(); }

    // Begins ticking; until stop() the loop has work.
    void start();
    void stop() { timer_.cancel(); }

    // Ticks that have passed: a clock for what may be a tick wrong.
    std::uint64_t now_tick() const { return now_tick_; }

    // One tick passes. start() calls this; tests do too.
    void advance();

private:
    static constexpr std::size_t slot_count = 1024;  // 256 s; what is longer goes round again

    struct Head final : Entry {
        Head() { reset(); }
        void reset();
        void expired() override {}
    };
    void link(Entry& entry);
    void wait();

    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
    std::array<Head, slot_count> slots_;
    std::uint64_t now_tick_ = 0;
};

}  // namespace merlon::net
