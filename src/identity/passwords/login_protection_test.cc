// Tests of the two limits on log-in attempts: each client's own, and that of all unknown ones.
#include "identity/passwords/login_protection.h"

#include <gtest/gtest.h>

namespace merlon::identity {
namespace {

constexpr int client_max = LoginProtection::client_failures_max;
constexpr int account_max = LoginProtection::account_failures_max;

LoginOrigin stranger(const std::string& account, int number) {
    return {account, "198.51.100." + std::to_string(number)};
}

LoginOrigin known(const std::string& account, int number) {
    return {account, "192.0.2." + std::to_string(number), {}, 1};
}

struct Fixture {
    FakeClock clock;
    LoginProtection protection{clock};

    bool attempt(const LoginOrigin& origin, Verdict verdict) {
        if (!protection.begin(origin)) return false;
        protection.end(origin, verdict);
        return true;
    }
    int attempts_until_locked(const LoginOrigin& origin) {
        int count = 0;
        while (attempt(origin, Verdict::Wrong)) ++count;
        return count;
    }
    // Guesses of so many strangers that are evaluated, ten each.
    int guesses_of(int strangers, const std::string& account) {
        int count = 0;
        for (int one = 0; one < strangers; ++one) {
            for (int guess = 0; guess < client_max; ++guess) {
                count += attempt(stranger(account, one), Verdict::Wrong) ? 1 : 0;
            }
        }
        return count;
    }
};

TEST(LoginProtection, AStrangerWhoGuessesLocksHimselfOutAndNobodyElse) {
    Fixture f;
    EXPECT_EQ(f.attempts_until_locked(stranger("a", 1)), client_max);
    EXPECT_EQ(f.attempts_until_locked(stranger("a", 2)), client_max);
    EXPECT_TRUE(f.attempt(stranger("a", 3), Verdict::Right)) << "the owner's new device";
    EXPECT_TRUE(f.attempt(stranger("b", 1), Verdict::Wrong)) << "another account";
}

TEST(LoginProtection, ACrowdOfStrangersLocksOutUnknownClientsOnly) {
    Fixture f;
    EXPECT_EQ(f.guesses_of(1'000, "a"), account_max);
    EXPECT_FALSE(f.protection.begin(stranger("a", 1'001)));
    EXPECT_FALSE(f.protection.check(stranger("a", 1'001)));
    EXPECT_TRUE(f.protection.check(known("a", 1)));
    EXPECT_TRUE(f.attempt(known("a", 1), Verdict::Right));
    EXPECT_TRUE(f.attempt(stranger("b", 1), Verdict::Right));
}

TEST(LoginProtection,
     OfACrowdNoMoreGuessesAMinuteAreEvaluatedThanTheBoundHoweverOftenTheOwnerSignsIn) {
    Fixture f;
    for (int minute = 0; minute < 5; ++minute) {
        int evaluated = 0;
        for (int second = 0; second < 60; ++second) {
            evaluated += f.guesses_of(10, "a");
            EXPECT_TRUE(f.attempt(known("a", 1), Verdict::Right));
            f.clock.advance(std::chrono::seconds{1});
        }
        EXPECT_LE(evaluated, account_max) << minute;
    }
}

TEST(LoginProtection, AKnownClientIsLimitedByItselfAndItsSlipsCountForNobodyElse) {
    Fixture f;
    for (int client = 0; client < 20; ++client) {
        EXPECT_EQ(f.attempts_until_locked(known("a", client)), client_max) << client;
    }
    EXPECT_TRUE(f.attempt(stranger("a", 1), Verdict::Right));
}

TEST(LoginProtection, AnAttemptThatTheAccountRefusesIsNotHeldAgainstItsClient) {
    Fixture f;
    f.guesses_of(10, "a");
    const LoginOrigin late = stranger("a", 99);
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(f.protection.begin(late));
    f.clock.advance(FailureTable::first_lock);
    EXPECT_EQ(f.attempts_until_locked(late), client_max);
}

TEST(LoginProtection, ForgetsAClientsFailuresAfterASuccess) {
    Fixture f;
    for (int round = 0; round < 3; ++round) {
        for (int i = 1; i < client_max; ++i) f.attempt(stranger("a", 1), Verdict::Wrong);
        EXPECT_TRUE(f.attempt(stranger("a", 1), Verdict::Right));
    }
}

}  // namespace
}  // namespace merlon::identity
