// Tests of counting failures and of locks.
#include "identity/passwords/failure_table.h"

#include <gtest/gtest.h>

namespace merlon::identity {
namespace {

using std::chrono::seconds;

constexpr int failures_max = 10;

struct Fixture {
    FakeClock clock;
    FailureTable table{failures_max, clock};

    bool attempt(const std::string& key, Verdict verdict) {
        if (!table.begin(key)) return false;
        table.end(key, verdict);
        return true;
    }
    int attempts_until_locked(const std::string& key) {
        int count = 0;
        while (attempt(key, Verdict::Wrong)) ++count;
        return count;
    }
};

TEST(FailureTable, LocksAKeyAfterTheLimitAndNoOtherOne) {
    Fixture f;
    EXPECT_EQ(f.attempts_until_locked("a"), failures_max);
    EXPECT_TRUE(f.attempt("b", Verdict::Wrong));
}

TEST(FailureTable, SaysWhenToComeBackAndThenLetsIn) {
    Fixture f;
    f.attempts_until_locked("a");
    const auto refused = f.table.begin("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "limit.auth");
    EXPECT_EQ(std::get<RetryAfter>(refused.error().payload).delay, FailureTable::first_lock);
    f.clock.advance(FailureTable::first_lock);
    EXPECT_TRUE(f.attempt("a", Verdict::Right));
}

TEST(FailureTable, ALockLastsAsLongWhateverTheWallClockDoes) {
    for (const seconds jump : {seconds{3'600}, seconds{-3'600}}) {
        Fixture f;
        f.attempts_until_locked("a");
        f.clock.jump_wall(jump);
        f.clock.advance(FailureTable::first_lock - seconds{1});
        EXPECT_FALSE(f.table.begin("a")) << jump.count();
        f.clock.advance(seconds{1});
        EXPECT_TRUE(f.attempt("a", Verdict::Right)) << jump.count();
    }
}

TEST(FailureTable, IsAskedWhetherAKeyIsLockedWithoutCountingAnything) {
    Fixture f;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(f.table.check("a"));
    EXPECT_EQ(f.attempts_until_locked("a"), failures_max);
    const auto refused = f.table.check("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(std::get<RetryAfter>(refused.error().payload).delay, FailureTable::first_lock);
    f.clock.advance(FailureTable::first_lock);
    EXPECT_TRUE(f.table.check("a"));
}

TEST(FailureTable, LocksLongerEachTimeButNeverForEver) {
    Fixture f;
    seconds previous{0};
    for (int lock = 0; lock < 12; ++lock) {
        f.attempts_until_locked("a");
        const auto refused = f.table.begin("a");
        ASSERT_FALSE(refused);
        const seconds delay = std::get<RetryAfter>(refused.error().payload).delay;
        EXPECT_TRUE(delay > previous || delay == FailureTable::longest_lock) << lock;
        previous = delay;
        f.clock.advance(delay);
    }
    EXPECT_EQ(previous, FailureTable::longest_lock);
}

TEST(FailureTable, EvaluatesNoMoreGuessesAtOnceThanTheLimit) {
    Fixture f;
    int begun = 0;
    while (begun < 100 && f.table.begin("a")) ++begun;
    EXPECT_EQ(begun, failures_max);
    // The owner's own parallel sign-ins end well and lock nobody.
    for (int i = 0; i < begun; ++i) f.table.end("a", Verdict::Right);
    EXPECT_TRUE(f.attempt("a", Verdict::Right));
}

TEST(FailureTable, ForgetsFailuresAfterASuccessOrADayAndIgnoresWhatWasNotEvaluated) {
    Fixture f;
    for (int round = 0; round < 3; ++round) {
        for (int i = 1; i < failures_max; ++i) f.attempt("a", Verdict::Wrong);
        EXPECT_TRUE(f.attempt("a", Verdict::Right));
    }
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(f.attempt("b", Verdict::Unknown));
    for (int i = 1; i < failures_max; ++i) f.attempt("c", Verdict::Wrong);
    f.clock.advance(FailureTable::remembered);
    EXPECT_EQ(f.attempts_until_locked("c"), failures_max);
}

TEST(FailureTable, TellsOnceThatAGuessLockedTheKey) {
    Fixture f;
    int told = 0;
    for (int i = 0; i < failures_max; ++i) {
        ASSERT_TRUE(f.table.begin("a"));
        told += f.table.end("a", Verdict::Wrong) ? 1 : 0;
    }
    EXPECT_EQ(told, 1);
}

TEST(FailureTable, HoldsABoundedNumberOfKeysAndNoFloodOfOthersPushesALockOut) {
    Fixture f;
    f.attempts_until_locked("locked");
    for (int i = 1; i < failures_max; ++i) f.attempt("forgotten", Verdict::Wrong);
    for (std::size_t i = 0; i < FailureTable::keys_max + 26'000; ++i) {
        f.attempt(std::to_string(i), Verdict::Wrong);
    }
    EXPECT_FALSE(f.table.begin("locked"));
    EXPECT_TRUE(f.attempt("forgotten", Verdict::Wrong));
    EXPECT_TRUE(f.attempt("forgotten", Verdict::Wrong)) << "the first failures are forgotten";
}

TEST(FailureTable, LocksThatAreForgottenLeaveRoomForCounting) {
    Fixture f;
    for (std::size_t i = 0; i < FailureTable::keys_max; ++i) {
        f.attempts_until_locked(std::to_string(i));
    }
    f.clock.advance(FailureTable::remembered);
    int counted = 0;  // of two keys in turn, of which neither may push the other out
    while (counted < 10 * failures_max && f.attempt("a", Verdict::Wrong)) {
        f.attempt("b", Verdict::Wrong);
        ++counted;
    }
    EXPECT_EQ(counted, failures_max);
}

TEST(FailureTable, AttemptsWithoutFailuresPushNothingOut) {
    Fixture f;
    for (int i = 1; i < failures_max; ++i) f.attempt("a", Verdict::Wrong);
    for (std::size_t i = 0; i < FailureTable::keys_max + 1'000; ++i) {
        f.attempt(std::to_string(i), i % 2 == 0 ? Verdict::Right : Verdict::Unknown);
    }
    EXPECT_EQ(f.attempts_until_locked("a"), 1);
}

}  // namespace
}  // namespace merlon::identity
