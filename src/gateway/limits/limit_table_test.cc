// Tests of the limiter's table: windows, reservations, floods, threads.
#include "gateway/limits/limit_table.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace merlon::gateway {
namespace {

struct Table {
    SeededEntropy entropy{7};
    LimitTable table{1'000, entropy};
    LimitRule rule{5, 900};
    std::uint64_t key = table.key_of(0, "192.0.2.1");
};

TEST(LimitTable, AllowsMaxRequestsAWindowAndBeginsAnewAfterIt) {
    Table t;
    for (std::uint32_t i = 1; i <= 5; ++i) {
        const LimitState state = t.table.count(t.key, t.rule, 100 + i);
        EXPECT_TRUE(state.allowed);
        EXPECT_EQ(state.remaining, 5 - i);
        EXPECT_EQ(state.reset_seconds, 900 - i + 1);
    }
    EXPECT_FALSE(t.table.count(t.key, t.rule, 200).allowed);
    EXPECT_FALSE(t.table.count(t.key, t.rule, 1'000).allowed);  // the last second of the window
    EXPECT_TRUE(t.table.count(t.key, t.rule, 1'001).allowed);
}

TEST(LimitTable, CountsEveryClientAndLimitApart) {
    Table t;
    for (int i = 0; i < 6; ++i) t.table.count(t.key, t.rule, 0);
    EXPECT_TRUE(t.table.count(t.table.key_of(0, "192.0.2.2"), t.rule, 0).allowed);
    EXPECT_TRUE(t.table.count(t.table.key_of(1, "192.0.2.1"), t.rule, 0).allowed);
}

TEST(LimitTable, ParallelGuessesCannotPassAndParallelSuccessesDoNotLock) {
    Table t;
    int allowed = 0;
    for (int i = 0; i < 10; ++i) allowed += t.table.reserve(t.key, t.rule, 0).state.allowed;
    EXPECT_EQ(allowed, 5);  // what express-rate-limit gets wrong in both directions
    EXPECT_FALSE(t.table.reserve(t.key, t.rule, 0).is_full);
    for (int i = 0; i < 5; ++i) t.table.settle(t.key, t.rule, LimitTable::Outcome::Forgiven, 0);
    EXPECT_TRUE(t.table.reserve(t.key, t.rule, 0).state.allowed);
    t.table.settle(t.key, t.rule, LimitTable::Outcome::Counts, 0);
    EXPECT_EQ(t.table.reserve(t.key, t.rule, 0).state.remaining, 3U);
}

TEST(LimitTable, IsFullOnlyWhenFailuresFillIt) {
    Table t;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(t.table.reserve(t.key, t.rule, 0).state.allowed);
        t.table.settle(t.key, t.rule, LimitTable::Outcome::Counts, 0);
    }
    const auto refused = t.table.reserve(t.key, t.rule, 10);
    EXPECT_FALSE(refused.state.allowed);
    EXPECT_TRUE(refused.is_full);
    EXPECT_EQ(refused.state.reset_seconds, 890U);
}

TEST(LimitTable, AReservationOutlivesItsWindow) {
    Table t;
    for (int i = 0; i < 5; ++i) t.table.reserve(t.key, t.rule, 0);
    EXPECT_FALSE(t.table.reserve(t.key, t.rule, 2'000).state.allowed);
    for (int i = 0; i < 5; ++i) t.table.settle(t.key, t.rule, LimitTable::Outcome::Forgiven, 2'000);
    EXPECT_TRUE(t.table.reserve(t.key, t.rule, 2'000).state.allowed);
}

TEST(LimitTable, AFloodOfClientsDoesNotFreeOneThatIsRefused) {
    Table t;
    for (int i = 0; i < 6; ++i) t.table.count(t.key, t.rule, 0);
    for (int i = 0; i < 100'000; ++i) {
        t.table.count(t.table.key_of(0, "made-up " + std::to_string(i)), t.rule, 1);
    }
    EXPECT_FALSE(t.table.count(t.key, t.rule, 2).allowed);
}

TEST(LimitTable, SurvivesTheWrapOfItsTime) {
    Table t;
    const std::uint32_t late = (1U << 26) - 10;
    for (int i = 0; i < 6; ++i) t.table.count(t.key, t.rule, late);
    EXPECT_FALSE(t.table.count(t.key, t.rule, late + 100).allowed);
    EXPECT_TRUE(t.table.count(t.key, t.rule, late + 901).allowed);
}

TEST(LimitTable, LosesNoCountBetweenThreads) {
    Table t;
    const LimitRule wide{1'000'000, 900};
    t.table.count(t.key, wide, 0);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 10'000; ++n) t.table.count(t.key, wide, 0);
        });
    }
    threads.clear();
    EXPECT_EQ(t.table.count(t.key, wide, 0).remaining, 1'000'000U - 40'002);
}

}  // namespace
}  // namespace merlon::gateway
