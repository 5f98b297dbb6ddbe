// Tests of the limit on log-in attempts.
#include "identity/passwords/login_protection.h"

#include <gtest/gtest.h>

namespace merlon::identity {
namespace {

using std::chrono::seconds;
using Verdict = LoginProtection::Verdict;

struct Fixture {
    FakeClock clock;
    LoginProtection protection{clock};

    bool attempt(const std::string& account, Verdict verdict) {
        if (!protection.begin(account)) return false;
        protection.end(account, verdict);
        return true;
    }
    int attempts_until_locked(const std::string& account) {
        int count = 0;
        while (attempt(account, Verdict::Wrong)) ++count;
        return count;
    }
};

TEST(LoginProtection, LocksAnAccountAfterTheLimitAndNoOtherOne) {
    Fixture f;
    EXPECT_EQ(f.attempts_until_locked("a"), LoginProtection::failures_max);
    EXPECT_TRUE(f.attempt("b", Verdict::Wrong));
}

TEST(LoginProtection, SaysWhenToComeBackAndThenLetsIn) {
    Fixture f;
    f.attempts_until_locked("a");
    const auto refused = f.protection.begin("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "limit.auth");
    EXPECT_EQ(std::get<RetryAfter>(refused.error().payload).delay, LoginProtection::first_lock);
    f.clock.advance(LoginProtection::first_lock);
    EXPECT_TRUE(f.attempt("a", Verdict::Right));
}

TEST(LoginProtection, ALockLastsAsLongWhateverTheWallClockDoes) {
    for (const seconds jump : {seconds{3'600}, seconds{-3'600}}) {
        Fixture f;
        f.attempts_until_locked("a");
        f.clock.jump_wall(jump);
        f.clock.advance(LoginProtection::first_lock - seconds{1});
        EXPECT_FALSE(f.protection.begin("a")) << jump.count();
        f.clock.advance(seconds{1});
        EXPECT_TRUE(f.attempt("a", Verdict::Right)) << jump.count();
    }
}

TEST(LoginProtection, IsAskedWhetherAnAccountIsLockedWithoutCountingAnything) {
    Fixture f;
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(f.protection.check("a"));
    EXPECT_EQ(f.attempts_until_locked("a"), LoginProtection::failures_max);
    const auto refused = f.protection.check("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(std::get<RetryAfter>(refused.error().payload).delay, LoginProtection::first_lock);
    f.clock.advance(LoginProtection::first_lock);
    EXPECT_TRUE(f.protection.check("a"));
}

TEST(LoginProtection, LocksLongerEachTimeButNeverForEver) {
    Fixture f;
    seconds previous{0};
    for (int lock = 0; lock < 12; ++lock) {
        f.attempts_until_locked("a");
        const auto refused = f.protection.begin("a");
        ASSERT_FALSE(refused);
        const seconds delay = std::get<RetryAfter>(refused.error().payload).delay;
        EXPECT_TRUE(delay > previous || delay == LoginProtection::longest_lock) << lock;
        previous = delay;
        f.clock.advance(delay);
    }
    EXPECT_EQ(previous, LoginProtection::longest_lock);
}

TEST(LoginProtection, EvaluatesNoMoreGuessesAtOnceThanTheLimit) {
    Fixture f;
    int begun = 0;
    while (begun < 100 && f.protection.begin("a")) ++begun;
    EXPECT_EQ(begun, LoginProtection::failures_max);
    // The owner's own parallel sign-ins end well and lock nobody.
    for (int i = 0; i < begun; ++i) f.protection.end("a", Verdict::Right);
    EXPECT_TRUE(f.attempt("a", Verdict::Right));
}

TEST(LoginProtection, ForgetsFailuresAfterASuccessAndIgnoresWhatWasNotEvaluated) {
    Fixture f;
    for (int round = 0; round < 3; ++round) {
        for (int i = 1; i < LoginProtection::failures_max; ++i) f.attempt("a", Verdict::Wrong);
        EXPECT_TRUE(f.attempt("a", Verdict::Right));
    }
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(f.attempt("b", Verdict::Unknown));
}

TEST(LoginProtection, TellsOnceThatAGuessLockedTheAccount) {
    Fixture f;
    int told = 0;
    for (int i = 0; i < LoginProtection::failures_max; ++i) {
        ASSERT_TRUE(f.protection.begin("a"));
        told += f.protection.end("a", Verdict::Wrong) ? 1 : 0;
    }
    EXPECT_EQ(told, 1);
}

TEST(LoginProtection, HoldsABoundedNumberOfAccountsAndForgetsTheLeastRecent) {
    Fixture f;
    f.attempts_until_locked("forgotten");
    f.attempts_until_locked("attacked");
    for (std::size_t i = 0; i + 1 < LoginProtection::accounts_max; ++i) {
        if (i % 1'000 == 0) EXPECT_FALSE(f.protection.begin("attacked"));
        f.attempt(std::to_string(i), Verdict::Wrong);
    }
    EXPECT_FALSE(f.protection.begin("attacked"));
    EXPECT_TRUE(f.protection.begin("forgotten"));
}

}  // namespace
}  // namespace merlon::identity
