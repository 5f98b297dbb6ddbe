// Who is served next, and when a waiter gives up, on fake time.
#include "storage/postgres/waiter_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{5'000};

struct Waiter {
    std::string name;
};

TEST(WaiterQueue, ServesTheFirstInFirstUntilTheOldestHasWaited200Milliseconds) {
    struct Case {
        milliseconds waited;     // by the oldest of a, b and c, which come 10 ms apart
        std::string_view order;  // in which they are served, all at once
    };
    const Case cases[] = {
        {milliseconds{20}, "abc"},  {milliseconds{199}, "abc"},
        {milliseconds{200}, "cba"},  // overloaded: b and a still wait as long, or nearly
        {milliseconds{205}, "cba"}, {milliseconds{4'999}, "cba"},
    };
    for (const auto& [waited, order] : cases) {
        FakeClock clock;
        Waiter waiters[] = {{"a"}, {"b"}, {"c"}};
        WaiterQueue<Waiter> queue;
        const SteadyTime began = clock.steady();
        for (Waiter& waiter : waiters) {
            queue.add(waiter, clock.steady(), patience);
            clock.advance(milliseconds{10});
        }
        std::string served;
        while (Waiter* waiter = queue.take_next(began + waited)) served += waiter->name;
        EXPECT_EQ(served, order) << waited.count();
    }
}

TEST(WaiterQueue, GoesBackToTheFirstInOnceTheOldestIsNoLongerOld) {
    FakeClock clock;
    Waiter old{"old"};
    Waiter middle{"middle"};
    Waiter young{"young"};
    WaiterQueue<Waiter> queue;
    const auto place = queue.add(old, clock.steady(), patience);
    clock.advance(milliseconds{150});
    queue.add(middle, clock.steady(), patience);
    queue.add(young, clock.steady(), patience);
    clock.advance(milliseconds{50});
    EXPECT_EQ(queue.next(clock.steady()), &young);
    queue.remove(place);  // at its deadline, or because its caller has gone
    EXPECT_EQ(queue.next(clock.steady()), &middle);
    clock.advance(milliseconds{150});
    EXPECT_EQ(queue.next(clock.steady()), &young);
}

TEST(WaiterQueue, HasNobodyToServeWhenEmpty) {
    const SteadyTime now = FakeClock().steady();
    WaiterQueue<Waiter> queue;
    EXPECT_EQ(queue.next(now), nullptr);
    EXPECT_EQ(queue.take_next(now), nullptr);
    Waiter waiter{"a"};
    queue.add(waiter, now, patience);
    EXPECT_EQ(queue.take_next(now), &waiter);
    EXPECT_TRUE(queue.empty());
}

TEST(WaiterQueue, LetsAWaiterGiveUpAtItsDeadlineAndNotBefore) {
    struct Case {
        milliseconds waited;
        bool may_grow;
        WaiterStep step;
    };
    const Case cases[] = {
        {milliseconds{0}, false, WaiterStep::Wait},
        {milliseconds{0}, true, WaiterStep::Open},
        {patience - milliseconds{1}, false, WaiterStep::Wait},  // woken, but another has opened one
        {patience, false, WaiterStep::GiveUp},
        {patience, true, WaiterStep::Open},  // the last moment is early enough
        {patience * 2, false, WaiterStep::GiveUp},
    };
    const SteadyTime began = FakeClock().steady();
    Waiter waiter{"a"};
    WaiterQueue<Waiter> queue;
    const auto place = queue.add(waiter, began, patience);
    for (const auto& [waited, may_grow, step] : cases) {
        EXPECT_EQ(queue.step(place, began + waited, may_grow), step) << waited.count();
    }
}

}  // namespace
}  // namespace merlon::storage
