// Who gives way when connections are scarce.
#include "http/connection_table.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>

namespace merlon::http {
namespace {

struct FakeConnection final : ConnectionTable::Member {
    FakeConnection(std::string name, std::uint64_t since, bool served, bool serving)
        : name(std::move(name)), since(since), served(served), serving(serving) {}
    bool is_serving() const override { return serving; }
    bool has_served() const override { return served; }
    bool is_between_requests() const override { return !serving && !has_begun; }
    std::uint64_t waiting_since_tick() const override { return since; }
    void close() override { is_closed = true; }

    std::string name;
    std::uint64_t since;
    bool served;
    bool serving;
    bool has_begun = false;  // to send its next request
    bool is_closed = false;
};

class ConnectionTableTest : public testing::Test {
protected:
    enum class State : std::uint8_t { Silent, Kept, Serving };

    void add(std::string name, const std::string& client, std::uint64_t since, State state) {
        connections_.emplace_back(std::move(name), since, state != State::Silent,
                                  state == State::Serving);
        table_.add(connections_.back(), client);
    }
    std::string closed() const {
        std::string names;
        for (const FakeConnection& one : connections_) {
            if (one.is_closed) names += one.name;
        }
        return names;
    }

    ConnectionTable table_{{.all = 4, .per_client = 2}};
    std::deque<FakeConnection> connections_;
};

TEST_F(ConnectionTableTest, TheLongestWaitingOfAllGivesWayWhenTheTableIsFull) {
    add("a", "1", 7, State::Silent);
    add("b", "2", 3, State::Serving);
    add("c", "3", 5, State::Silent);
    EXPECT_TRUE(table_.has_room(9));
    EXPECT_EQ(closed(), "");
    add("d", "4", 6, State::Silent);
    EXPECT_TRUE(table_.has_room(9));
    EXPECT_EQ(closed(), "c");
    EXPECT_EQ(table_.size(), 3U);
}

TEST_F(ConnectionTableTest, AClientWithItsShareLosesItsOwn) {
    add("a", "1", 7, State::Silent);
    add("b", "2", 1, State::Silent);
    EXPECT_TRUE(table_.admits("1", 9));
    add("c", "1", 8, State::Silent);
    EXPECT_TRUE(table_.admits("1", 9));
    EXPECT_EQ(closed(), "a");
}

TEST_F(ConnectionTableTest, AClientThatUsesAllOfItsShareGetsNoMore) {
    add("a", "1", 7, State::Serving);
    add("b", "1", 8, State::Serving);
    EXPECT_FALSE(table_.admits("1", 9));
    EXPECT_TRUE(table_.admits("2", 9));
    EXPECT_TRUE(table_.has_room(9));
    connections_.front().serving = false;
    EXPECT_FALSE(table_.admits("1", 9)) << "within one tick it is not looked at again";
    EXPECT_TRUE(table_.admits("1", 10));
    EXPECT_EQ(closed(), "a");
}

TEST_F(ConnectionTableTest, ThereIsNoRoomWhileEveryConnectionServes) {
    for (const char* name : {"a", "b", "c", "d"}) add(name, name, 1, State::Serving);
    EXPECT_FALSE(table_.has_room(9));
    table_.remove(connections_.front());
    EXPECT_TRUE(table_.has_room(9));
    EXPECT_EQ(closed(), "");
}

// Of a full table: a crowd of silent strangers cannot push out older kept connections, and kept
// ones leave room to begin.
TEST_F(ConnectionTableTest, OfSilentAndKeptConnectionsTheMoreNumerousGiveWay) {
    using enum State;
    struct One {
        const char* name;
        std::uint64_t since;
        State state;
    };
    const struct {
        std::array<One, 4> connections;
        const char* closed;
    } cases[] = {
        {{{{"a", 1, Kept}, {"b", 8, Silent}, {"c", 7, Silent}, {"d", 2, Serving}}}, "c"},
        {{{{"a", 5, Kept}, {"b", 4, Kept}, {"c", 3, Kept}, {"d", 2, Silent}}}, "c"},
        {{{{"a", 1, Kept}, {"b", 8, Silent}, {"c", 7, Serving}, {"d", 2, Serving}}}, "b"},
    };
    for (const auto& [connections, expected] : cases) {
        for (const auto& [name, since, state] : connections) add(name, name, since, state);
        EXPECT_TRUE(table_.has_room(9));
        EXPECT_EQ(closed(), expected);
        for (FakeConnection& one : connections_) table_.remove(one);
        connections_.clear();
    }
}

TEST_F(ConnectionTableTest, AKeptConnectionThatHasBegunARequestGoesLast) {
    add("a", "1", 1, State::Kept);
    connections_.back().has_begun = true;
    for (const char* name : {"b", "c", "d"}) add(name, name, 5, State::Kept);
    EXPECT_TRUE(table_.has_room(9));
    EXPECT_EQ(closed(), "b");
}

TEST_F(ConnectionTableTest, AnAddressThatManyShareHasNoShare) {
    add("a", "", 5, State::Serving);
    add("b", "", 4, State::Serving);
    add("c", "", 3, State::Serving);
    EXPECT_TRUE(table_.admits("", 9));
}

TEST_F(ConnectionTableTest, AClosedConnectionMayBeRemovedOnceMore) {
    add("a", "1", 1, State::Silent);
    add("b", "1", 2, State::Silent);
    EXPECT_TRUE(table_.admits("1", 9));
    ASSERT_EQ(closed(), "a");
    table_.remove(connections_.front());
    EXPECT_EQ(table_.size(), 1U);
    table_.remove(connections_.back());
    EXPECT_EQ(table_.size(), 0U);
}

}  // namespace
}  // namespace merlon::http
