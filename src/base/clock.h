// Time as a constructor argument, so that a test decides what time it is.
#pragma once

#include <chrono>

namespace merlon {

// Wall time in whole milliseconds since the Unix epoch: what tokens, sessions and rows carry.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
// Time that never jumps: what deadlines and measurements use.
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const = 0;
    virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
public:
    WallTime wall() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// A clock that stands still until a test moves it.
class FakeClock final : public Clock {
public:
    // 2026-01-01T00:00:00Z
    explicit FakeClock(WallTime start = WallTime{std::chrono::milliseconds{1'767'225'600'000}})
        : wall_(start) {}

    WallTime wall() const override { return wall_; }
    SteadyTime steady() const override { return steady_; }

    void advance(std::chrono::milliseconds step) {
        wall_ += step;
        steady_ += step;
    }
    // What an administrator or NTP does: wall time moves, steady time does not.
    void jump_wall(std::chrono::milliseconds step) { wall_ += step; }

private:
    WallTime wall_;
    SteadyTime steady_{std::chrono::hours{1}};
};

}  // namespace merlon
