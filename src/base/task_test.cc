// Tests of the coroutine type, of starting it, and of its frames' memory.
#include "base/task.h"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>

#include "base/wait.h"

namespace merlon {
namespace {

// Counts what is alive, to see frames go.
struct Alive {
    explicit Alive(int& count) : count_(&count) { ++*count_; }
    Alive(Alive&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() {
        if (count_ != nullptr) --*count_;
    }

private:
    int* count_;
};

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

Task<int> ready(int value) { return Result<int>(value); }
Task<int> refused() { return fail(Kind::Denied, "no", "why"); }
Task<int> framed(int value) { co_return value; }

Task<int> turns(int count) {
    int sum = 0;
    for (int i = 0; i < count; ++i) {
        Timer timer(co_await current_executor(), std::chrono::milliseconds{0});
        co_await timer.async_wait(as_result);
        ++sum;
    }
    co_return sum;
}

Task<> forever(Alive) {
    Timer timer(co_await current_executor(), Timer::time_point::max());
    co_await timer.async_wait(as_result);
    co_return Result<>{};
}

Task<> nested(int depth, int* alive) {
    const Alive here(*alive);
    if (depth > 0) co_return co_await nested(depth - 1, alive);
    co_return co_await forever(Alive(*alive));
}

// How deep the stack is here.
[[gnu::noinline]] std::uintptr_t stack_place() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

TEST(Task, ThatHasEndedAlreadyMakesNoFrame) {
    const Task<int> task = ready(7);
    EXPECT_TRUE(task.await_ready());
    EXPECT_EQ(wait(ready(7)), 7);
    EXPECT_FALSE(framed(7).await_ready());
}

Task<int> twice_of_refused(int* reached) {
    const int value = MERLON_CO_TRY(co_await refused());
    ++*reached;
    co_return 2 * value;
}

TEST(Task, PassesAnErrorThroughWithItsDetail) {
    int reached = 0;
    const Result<int> got = wait(twice_of_refused(&reached));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().rule, "no");
    EXPECT_EQ(got.error().detail, "why");
    EXPECT_EQ(got.error().kind, Kind::Denied);
    EXPECT_EQ(reached, 0);
}

enum class Way : std::uint8_t { Ready, Framed, Error };

Task<std::uintptr_t> stack_growth(int count, Way way) {
    std::uintptr_t least = UINTPTR_MAX;
    std::uintptr_t most = 0;
    for (int i = 0; i < count; ++i) {
        if (way == Way::Ready) MERLON_CO_TRY(co_await ready(i));
        if (way == Way::Framed) MERLON_CO_TRY(co_await framed(i));
        if (way == Way::Error) EXPECT_FALSE(co_await refused());
        const std::uintptr_t place = stack_place();
        least = std::min(least, place);
        most = std::max(most, place);
    }
    co_return most - least;
}

TEST(Task, ALoopOfAwaitsThatNeedNotWaitDoesNotGrowTheStack) {
    for (const Way way : {Way::Ready, Way::Framed, Way::Error}) {
        EXPECT_LT(wait(stack_growth(100'000, way)).value(), 16U << 10);
    }
}

Task<std::uintptr_t> stack_place_below(int depth) {
    if (depth > 0) co_return co_await stack_place_below(depth - 1);
    co_return stack_place();
}

// Resumed from the innermost frame, each frame's end goes on in the one that awaits it.
Task<int> depth_after_a_wait(int depth) {
    if (depth == 0) co_return co_await turns(1);
    co_return 1 + MERLON_CO_TRY(co_await depth_after_a_wait(depth - 1));
}

TEST(Task, ADeepChainOfAwaitsStaysFlatGoingDownAndComingBack) {
    const std::uintptr_t shallow = wait(stack_place_below(0)).value();
    const std::uintptr_t deep = wait(stack_place_below(100'000)).value();
    EXPECT_LT(shallow > deep ? shallow - deep : deep - shallow, 16U << 10);
    EXPECT_EQ(wait(depth_after_a_wait(100'000)), 100'001);
}

Task<bool> runs_on(Executor expected, int depth) {
    if (depth > 0) co_return co_await runs_on(expected, depth - 1);
    MERLON_CO_TRY(co_await turns(1));
    co_return co_await current_executor() == expected;
}

TEST(Task, InheritsTheLoopOfWhoAwaitsIt) {
    asio::io_context loop(1);
    bool agrees = false;
    spawn(loop.get_executor(), runs_on(loop.get_executor(), 3),
          [&](Result<bool> done) { agrees = done.value(); });
    loop.run();
    EXPECT_TRUE(agrees);
}

TEST(Task, ThatIsNeverAwaitedGoesWithItsParameters) {
    int alive = 0;
    {
        const Task<> task = forever(Alive(alive));
    }
    EXPECT_EQ(alive, 0);
}

TEST(Spawn, BeginsAtTheLoopsNextTurnAndNotInTheCall) {
    asio::io_context loop(1);
    bool has_ended = false;
    spawn(loop.get_executor(), framed(1), [&](Result<int>) { has_ended = true; });
    EXPECT_FALSE(has_ended);
    loop.run();
    EXPECT_TRUE(has_ended);
}

TEST(Spawn, ALoopThatGoesDestroysEveryFrameOnce) {
    struct Case {
        bool has_begun;
        int depth;
    };
    for (const auto& [has_begun, depth] : {Case{true, 0}, {true, 20}, {false, 0}}) {
        int alive = 0;
        int done = 0;
        {
            asio::io_context loop(1);
            for (int i = 0; i < 10; ++i) {
                spawn(loop.get_executor(), nested(depth, &alive), [&](Result<>) { ++done; });
                spawn(loop.get_executor(), turns(1), [held = Alive(alive)](Result<int>) {});
            }
            if (has_begun) loop.run_for(std::chrono::milliseconds{20});
            EXPECT_EQ(alive, has_begun ? 10 * (depth + 2) : 10);
        }
        EXPECT_EQ(alive, 0) << has_begun << depth;
        EXPECT_EQ(done, 0);
    }
}

TEST(Spawn, TakesTasksFromManyThreads) {
    asio::io_context loop(1);
    int sum = 0;  // of the loop's thread
    {
        const auto work = asio::make_work_guard(loop);
        std::jthread runner([&] { loop.run(); });
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) {
                    spawn(loop.get_executor(), turns(2),
                          [&](Result<int> done) { sum += done.value(); });
                }
            });
        }
        threads.clear();
        while (true) {
            std::promise<int> now;
            asio::post(loop, [&] { now.set_value(sum); });
            if (now.get_future().get() == 4'000) break;
        }
        loop.stop();
    }
    EXPECT_EQ(sum, 4'000);
}

}  // namespace
}  // namespace merlon
