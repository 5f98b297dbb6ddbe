// Which connections a pool gives out and closes, on fake time and without a server.
#include "storage/postgres/pool_members.h"

#include <gtest/gtest.h>

#include <string>

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct FakeConnection {
    int number;
    SteadyTime busy = SteadyTime::max();

    int backend() const { return number; }
    SteadyTime busy_since() const { return busy; }
};

class PoolMembersTest : public ::testing::Test {
protected:
    FakeConnection& add(int number) {
        return members.add(std::make_unique<FakeConnection>(number), clock.steady());
    }
    FakeConnection& add_idle(int number) {
        FakeConnection& connection = add(number);
        members.make_idle(connection, clock.steady());
        return connection;
    }
    std::string left() {
        std::string numbers;
        members.for_each([&](FakeConnection& one) { numbers += std::to_string(one.number); });
        return numbers;
    }

    FakeClock clock;
    PoolMembers<FakeConnection> members;
};

TEST_F(PoolMembersTest, GivesOutTheConnectionThatWasUsedLast) {
    FakeConnection& first = add_idle(1);
    FakeConnection& second = add_idle(2);
    add(3);  // in use
    EXPECT_EQ(members.take_idle(clock.steady()), &second);
    EXPECT_EQ(members.take_idle(clock.steady()), &first);
    EXPECT_EQ(members.take_idle(clock.steady()), nullptr);
    members.make_idle(second, clock.steady());
    members.make_idle(first, clock.steady());
    EXPECT_EQ(members.take_idle(clock.steady()), &first);
}

TEST_F(PoolMembersTest, ClosesWhatWasIdleForLongButLeavesTheMinimum) {
    constexpr seconds idle_max{60};
    struct Case {
        seconds idle_for;
        std::size_t count_min;
        std::string_view left;  // of 1, in use, and 2 to 4, idle, each 10 s longer than the next
    };
    const Case cases[] = {
        {seconds{60}, 0, "1234"},                            // not longer than idle_max
        {seconds{61}, 0, "134"},                             // 2 alone is so old
        {seconds{81}, 0, "1"},                               // never one in use
        {seconds{81}, 1, "1"},    {seconds{81}, 2, "14"},    // those that were unused longest go
        {seconds{81}, 4, "1234"}, {seconds{81}, 9, "1234"},  // fewer than the minimum already
    };
    for (const auto& [idle_for, count_min, left] : cases) {
        members = {};
        add(1);
        for (int number = 2; number <= 4; ++number) {
            add_idle(number);
            clock.advance(seconds{10});
        }
        members.close_unused(clock.steady() - seconds{30} + idle_for, idle_max, count_min);
        EXPECT_EQ(this->left(), left) << idle_for.count() << " " << count_min;
    }
}

TEST_F(PoolMembersTest, DoubtsIdleConnectionsWhenOneBreaksButNotThoseUsedSinceAProbe) {
    struct Case {
        int probed_after_s;     // after 1 was taken; 2 was idle before, 3 after; negative: never
        std::string_view left;  // when 1 has broken
    };
    const Case cases[] = {
        {-1, ""},  // no probe: the server went away, and all are broken
        {0, ""},   // in the moment when it was taken: nothing is known to be newer
        {5, "3"},  // the server answered meanwhile: 3 was used after that
        {20, ""},  // neither was used since
    };
    for (const auto& [probed_after_s, left] : cases) {
        members = {};
        add_idle(2);
        FakeConnection& broken = add(1);
        const SteadyTime taken = clock.steady();
        clock.advance(seconds{10});
        add_idle(3);
        members.remove_broken(
            broken, probed_after_s < 0 ? SteadyTime::min() : taken + seconds{probed_after_s});
        EXPECT_EQ(this->left(), left) << probed_after_s;
    }
}

TEST_F(PoolMembersTest, JudgesAConnectionByWhenItsLastUserGotIt) {
    FakeConnection& broken = add(1);
    clock.advance(seconds{10});
    const SteadyTime probed_at = clock.steady();
    add_idle(2);
    clock.advance(seconds{1});
    members.pass_on(broken, clock.steady());  // to a waiter, after the probe: it worked until now
    members.remove_broken(broken, probed_at);
    EXPECT_EQ(left(), "");
}

TEST_F(PoolMembersTest, CallsAStatementSilentAfterASecond) {
    struct Case {
        milliseconds busy_for;
        bool is_silent;
    };
    const Case cases[] = {
        {milliseconds{0}, false},
        {milliseconds{999}, false},
        {milliseconds{1'000}, true},
        {milliseconds{9'000}, true},
    };
    FakeConnection& connection = add(1);
    add(2);  // leased, but between two statements
    for (const auto& [busy_for, is_silent] : cases) {
        connection.busy = clock.steady() - busy_for;
        const auto silent = members.silent_since(clock.steady() - milliseconds{1'000});
        EXPECT_EQ(silent.size(), is_silent ? 1u : 0u) << busy_for.count();
    }
}

TEST(DeadAmong, AreTheSilentOnesThatTheServerDoesNotWorkOn) {
    struct Case {
        std::vector<std::int64_t> active;
        std::vector<int> dead;  // of 1 and 2, which are silent; 9 has probed
    };
    const Case cases[] = {
        {{9}, {1, 2}},   {{9, 2}, {1}},
        {{1, 2, 9}, {}}, {{}, {}},  // not even the probe: a pooler's numbers say nothing
        {{1, 2}, {}},
    };
    FakeConnection one{1};
    FakeConnection two{2};
    const FakeConnection probe{9};
    for (const auto& [active, dead] : cases) {
        std::vector<int> numbers;
        for (const FakeConnection* found :
             dead_among<FakeConnection>({&one, &two}, active, probe)) {
            numbers.push_back(found->number);
        }
        EXPECT_EQ(numbers, dead);
    }
}

}  // namespace
}  // namespace merlon::storage
