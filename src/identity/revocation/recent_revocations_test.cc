// Tests the cache of revocations that gateways are served from: a missing row is a revoked token
// that they accept.
#include "identity/revocation/recent_revocations.h"

#include <gtest/gtest.h>

#include <string>

namespace merlon::identity {
namespace {

using std::chrono::seconds;

constexpr SteadyTime start{};

RevocationChanges news(std::int64_t horizon, std::initializer_list<std::int64_t> positions,
                       SteadyTime as_of = start) {
    RevocationChanges made{{}, horizon, as_of};
    for (const std::int64_t one : positions) {
        made.revocations.push_back({"of " + std::to_string(one), 1, 1, one});
    }
    return made;
}

// Positions after a space each; "absent": ask the database.
std::string told(const RecentRevocations& recent, std::int64_t horizon,
                 SteadyTime fresh_since = start) {
    const auto since = recent.since(horizon, fresh_since);
    if (!since) return "absent";
    std::string text;
    for (const RevocationRow& one : since->revocations) text += ' ' + std::to_string(one.position);
    return text;
}

TEST(RecentRevocations, KnowNothingUntilTheyTakeSomething) {
    const RecentRevocations recent;
    EXPECT_EQ(told(recent, 0), "absent");
    EXPECT_EQ(told(recent, 1'000), "absent");
}

TEST(RecentRevocations, TellEverythingFromAHorizonOn) {
    RecentRevocations recent;
    recent.add(100, news(104, {103, 100, 101}));
    recent.add(104, news(110, {107, 105, 105}));
    const struct {
        std::int64_t horizon;
        std::string_view expected;
        std::int64_t next;
    } rows[] = {
        {99, "absent", 0},  // further back than was read
        {100, " 100 101 103 105 105 107", 110},
        {101, " 101 103 105 105 107", 110},
        {102, " 103 105 105 107", 110},
        {105, " 105 105 107", 110},
        {106, " 107", 110},
        {110, "", 110},
        {120, "", 120},  // who has read further in another process
    };
    for (const auto& row : rows) {
        EXPECT_EQ(told(recent, row.horizon), row.expected) << row.horizon;
        if (row.expected == "absent") continue;
        EXPECT_EQ(recent.since(row.horizon, start)->horizon, row.next) << row.horizon;
    }
}

TEST(RecentRevocations, TellATransactionThatCommitsLaterThanYoungerOnes) {
    RecentRevocations recent;
    recent.add(100, news(101, {100, 103}));  // 101 and 102 are under way
    EXPECT_EQ(told(recent, 101), " 103");
    recent.add(101, news(102, {103, 101}));  // read again, and not told twice
    EXPECT_EQ(told(recent, 101), " 101 103");
    recent.add(102, news(104, {102, 103}));
    EXPECT_EQ(told(recent, 100), " 100 101 102 103");
    recent.add(104, news(104, {}));
    EXPECT_EQ(told(recent, 100), " 100 101 102 103");
}

TEST(RecentRevocations, AreNotToldWhenTheyAreOld) {
    RecentRevocations recent;
    recent.add(100, news(101, {100}, start + seconds{5}));
    EXPECT_EQ(told(recent, 100, start + seconds{5}), " 100");
    EXPECT_EQ(told(recent, 100, start + seconds{6}), "absent");
    recent.add(101, news(101, {}, start + seconds{6}));
    EXPECT_EQ(told(recent, 100, start + seconds{6}), " 100");
    EXPECT_EQ(recent.since(100, start)->as_of, start + seconds{6});
}

TEST(RecentRevocations, ForgetTheOldestWhenTheyAreManyAndSaySo) {
    RecentRevocations recent;
    constexpr std::int64_t count = 3 * RecentRevocations::kept_max;
    for (std::int64_t position = 0; position < count; ++position) {
        recent.add(position, news(position + 1, {position, position}));
    }
    EXPECT_EQ(told(recent, 0), "absent");
    std::int64_t oldest = count;
    while (told(recent, oldest - 1) != "absent") --oldest;
    const auto kept = recent.since(oldest, start);
    EXPECT_LE(kept->revocations.size(), RecentRevocations::kept_max);
    EXPECT_GE(kept->revocations.size(), RecentRevocations::kept_max / 2 - 1);
    EXPECT_EQ(kept->revocations.size(), 2U * static_cast<std::size_t>(count - oldest));
}

TEST(RecentRevocations, AreWholeAlsoWhenOneTransactionIsMoreThanTheyKeep) {
    RecentRevocations recent;
    RevocationChanges all = news(200, {});
    all.revocations.resize(2 * RecentRevocations::kept_max, {"session", 1, 1, 150});
    all.revocations.push_back({"late", 1, 1, 151});
    recent.add(100, std::move(all));
    EXPECT_EQ(told(recent, 150), "absent");  // not half of it
    EXPECT_EQ(told(recent, 151), " 151");
}

}  // namespace
}  // namespace merlon::identity
