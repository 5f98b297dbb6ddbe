// When a pool connects, grows and probes, on fake time.
#include "storage/postgres/pool_pace.h"

#include <gtest/gtest.h>

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds growth_pause_max{5'000};

class PoolPaceTest : public ::testing::Test {
protected:
    // Fails after it took so long.
    void fail_after(milliseconds took) {
        const SteadyTime began = clock.steady();
        pace.begin_attempt(began);
        clock.advance(took);
        pace.attempt_failed(began, clock.steady());
    }
    void succeed_after(milliseconds took) {
        const SteadyTime began = clock.steady();
        pace.begin_attempt(began);
        clock.advance(took);
        pace.attempt_succeeded(began, clock.steady());
    }
    // From now until the question is answered with yes, to the millisecond.
    template <class Question>
    milliseconds time_until(Question may) const {
        milliseconds waited{0};
        while (!(pace.*may)(clock.steady() + waited)) ++waited;
        return waited;
    }

    FakeClock clock;
    PoolPace pace{growth_pause_max};
};

TEST_F(PoolPaceTest, BacksOffFrom50To500MillisecondsWhileAttemptsFail) {
    for (const int pause_ms : {50, 100, 200, 400, 500, 500}) {
        fail_after(milliseconds{3});
        EXPECT_EQ(time_until(&PoolPace::may_try), milliseconds{pause_ms});
        clock.advance(milliseconds{pause_ms});
    }
    succeed_after(milliseconds{3});
    EXPECT_TRUE(pace.may_try(clock.steady()));
    fail_after(milliseconds{3});  // from the start
    EXPECT_EQ(time_until(&PoolPace::may_try), milliseconds{50});
}

TEST_F(PoolPaceTest, BeginsOneAttemptInEachPauseHoweverLongTheyTake) {
    fail_after(milliseconds{0});
    clock.advance(milliseconds{50});
    pace.begin_attempt(clock.steady());  // and it hangs
    EXPECT_EQ(time_until(&PoolPace::may_try), milliseconds{50});
}

TEST_F(PoolPaceTest, IgnoresAFailureThatBeganBeforeALaterSuccess) {
    const SteadyTime hangs_since = clock.steady();
    pace.begin_attempt(hangs_since);
    clock.advance(milliseconds{10});
    succeed_after(milliseconds{5});
    pace.attempt_failed(hangs_since, clock.steady());
    EXPECT_TRUE(pace.may_try(clock.steady()));
    // One that began later counts.
    clock.advance(milliseconds{1});
    fail_after(milliseconds{0});
    EXPECT_FALSE(pace.may_try(clock.steady()));
}

TEST_F(PoolPaceTest, GrowsAfterTenTimesAsLongAsTheLastConnectionTook) {
    struct Case {
        milliseconds took;
        milliseconds pause;
    };
    const Case cases[] = {
        {milliseconds{0}, milliseconds{0}},    {milliseconds{2}, milliseconds{20}},
        {milliseconds{40}, milliseconds{400}}, {milliseconds{500}, milliseconds{5'000}},
        {milliseconds{900}, growth_pause_max},  // not 9 s: nobody waits for that long
    };
    for (const auto& [took, pause] : cases) {
        succeed_after(took);
        EXPECT_EQ(time_until(&PoolPace::may_grow), pause) << took.count();
        clock.advance(pause);
    }
}

TEST_F(PoolPaceTest, OpensAnotherBesideAConnectionThatTakes500Milliseconds) {
    EXPECT_TRUE(pace.may_grow(clock.steady()));
    pace.begin_attempt(clock.steady());
    EXPECT_EQ(time_until(&PoolPace::may_grow), PoolPace::slow_opening);
}

TEST_F(PoolPaceTest, ProbesEvery500MillisecondsUntilAProbeIsAnswered) {
    EXPECT_TRUE(pace.may_probe(clock.steady()));
    pace.begin_probe(clock.steady());
    EXPECT_EQ(time_until(&PoolPace::may_probe), PoolPace::probe_every);
    clock.advance(PoolPace::probe_every);
    pace.begin_probe(clock.steady());  // the first has no answer yet
    EXPECT_EQ(time_until(&PoolPace::may_probe), PoolPace::probe_every);
}

TEST_F(PoolPaceTest, WaitsASecondAfterAProbeThatFoundNothingDead) {
    struct Case {
        std::size_t dead_count;
        milliseconds pause;
    };
    const Case cases[] = {
        {0, PoolPace::silent_max},
        {1, PoolPace::probe_every - milliseconds{10}},  // as it was: there may be more
        {7, PoolPace::probe_every - milliseconds{10}},
    };
    for (const auto& [dead_count, pause] : cases) {
        pace.begin_probe(clock.steady());
        clock.advance(milliseconds{10});
        pace.probe_answered(clock.steady(), dead_count);
        EXPECT_EQ(pace.probed_at(), clock.steady());
        EXPECT_EQ(time_until(&PoolPace::may_probe), pause) << dead_count;
    }
}

}  // namespace
}  // namespace merlon::storage
