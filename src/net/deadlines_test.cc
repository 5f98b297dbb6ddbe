// Tests of the timer wheel, ticked by hand.
#include "net/deadlines.h"

#include <gtest/gtest.h>

namespace merlon::net {
namespace {

using std::chrono::milliseconds;

struct Probe final : Deadlines::Entry {
    int count = 0;
    std::function<void()> then;
    void expired() override {
        ++count;
        if (then) then();
    }
};

struct Wheel {
    asio::io_context loop;
    Deadlines deadlines{loop.get_executor()};
    void pass(milliseconds time) {
        for (auto t = milliseconds{0}; t < time; t += Deadlines::tick_length) deadlines.advance();
    }
};

TEST(Deadlines, ExpireNeverEarlyAndAtMostTwoTicksLate) {
    for (const int delay_ms : {1, 249, 250, 251, 1'000, 255'999, 256'000, 600'000}) {
        Wheel wheel;
        Probe probe;
        wheel.deadlines.set(probe, milliseconds{delay_ms});
        wheel.pass(milliseconds{delay_ms});
        EXPECT_EQ(probe.count, 0) << delay_ms << " ms: early";
        wheel.pass(2 * Deadlines::tick_length);
        EXPECT_EQ(probe.count, 1) << delay_ms << " ms";
    }
}

TEST(Deadlines, MoveForwardAndBackward) {
    Wheel wheel;
    Probe probe;
    wheel.deadlines.set(probe, milliseconds{75'000});
    wheel.deadlines.set(probe, milliseconds{1'000});
    wheel.pass(milliseconds{1'500});
    EXPECT_EQ(probe.count, 1);
    wheel.deadlines.set(probe, milliseconds{500});
    wheel.deadlines.set(probe, milliseconds{5'000});
    wheel.pass(milliseconds{2'000});
    EXPECT_EQ(probe.count, 1);
}

TEST(Deadlines, AreGoneWhenClearedOrDestroyed) {
    Wheel wheel;
    Probe cleared;
    wheel.deadlines.set(cleared, milliseconds{500});
    wheel.deadlines.clear(cleared);
    {
        Probe destroyed;
        wheel.deadlines.set(destroyed, milliseconds{500});
    }
    wheel.pass(milliseconds{2'000});
    EXPECT_EQ(cleared.count, 0);
}

TEST(Deadlines, MayBeSetAndDestroyedWhileOthersExpire) {
    Wheel wheel;
    Probe first;
    auto second = std::make_unique<Probe>();
    wheel.deadlines.set(first, milliseconds{500});
    wheel.deadlines.set(*second, milliseconds{500});
    first.then = [&] {
        second.reset();  // in the same slot, not yet expired
        if (first.count < 3) wheel.deadlines.set(first, milliseconds{256'000 - 250});
    };
    wheel.pass(milliseconds{600'000});
    EXPECT_EQ(first.count, 3);
}

}  // namespace
}  // namespace merlon::net
