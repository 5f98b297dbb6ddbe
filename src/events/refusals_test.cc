// Refusals as events: coalesced, bounded, exact in their counts, from any thread.
#include "events/refusals.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace merlon::events {
namespace {

using std::chrono::seconds;

class Recorder final : public EventSink {
public:
    void write(const Event& event) override { events.push_back(event); }
    std::vector<Event> events;
};

struct Fixture {
    FakeClock clock;
    Recorder sink;
    metrics::Registry metrics;
    Refusals refusals{clock, sink, metrics};

    std::uint64_t dropped() { return metrics.counter("merlon_refusals_dropped", "").value(); }
};

constexpr Refusal refusal{
    .type = Type::RateLimited, .ip = "192.0.2.1", .route = "/api/orders", .user_id = "u1"};

TEST(Refusals, OfOneClientAndRouteAreOneEventInTenSeconds) {
    Fixture f;
    const WallTime first = f.clock.wall();
    for (int i = 0; i < 1'000; ++i) f.refusals.report(refusal);
    f.clock.advance(seconds{9});
    f.refusals.report(refusal);
    f.refusals.tick();
    EXPECT_TRUE(f.sink.events.empty());

    f.clock.advance(seconds{1});
    f.refusals.tick();
    ASSERT_EQ(f.sink.events.size(), 1U);
    const Event& event = f.sink.events[0];
    EXPECT_EQ(event.count, 1'001U);
    EXPECT_EQ(event.time, first);
    EXPECT_EQ(event.ip, "192.0.2.1");
    EXPECT_EQ(event.user_id, "u1");
    EXPECT_EQ(event.details.front(), std::pair(std::string("route"), std::string("/api/orders")));

    f.refusals.report(refusal);  // the next window
    f.clock.advance(seconds{10});
    f.refusals.tick();
    EXPECT_EQ(f.sink.events.size(), 2U);
    EXPECT_EQ(f.sink.events.back().count, 1U);
}

// A reason is an operator's to look into: no flood of the ordinary kind hides it.
TEST(Refusals, WithAReasonAreCriticalAndCountedForThemselves) {
    Fixture f;
    Refusal with_reason = refusal;
    with_reason.reason = "keys.destroyed";
    for (int i = 0; i < 1'000; ++i) {
        f.refusals.report(refusal);
        f.refusals.report(with_reason);
    }
    f.clock.advance(seconds{10});
    f.refusals.tick();
    ASSERT_EQ(f.sink.events.size(), 2U);
    for (const Event& event : f.sink.events) {
        const bool has_reason = event.details.size() == 2;
        EXPECT_EQ(event.count, 1'000U);
        EXPECT_EQ(event.severity, has_reason ? Severity::Critical : Severity::Warning);
        if (has_reason) {
            EXPECT_EQ(event.details[1],
                      std::pair(std::string("reason"), std::string("keys.destroyed")));
        }
    }
    EXPECT_NE(f.sink.events[0].details.size(), f.sink.events[1].details.size());
}

TEST(Refusals, AreToldApartByTypeClientAndRoute) {
    Fixture f;
    f.refusals.report(refusal);
    f.refusals.report({Type::InvalidToken, refusal.ip, refusal.route});
    f.refusals.report({refusal.type, "192.0.2.2", refusal.route});
    f.refusals.report({refusal.type, refusal.ip, "/api/users"});
    f.refusals.flush();
    EXPECT_EQ(f.sink.events.size(), 4U);
}

TEST(Refusals, OfSeveralPeopleBehindOneAddressNameNobody) {
    Fixture f;
    f.refusals.report(refusal);
    f.refusals.report({refusal.type, refusal.ip, refusal.route, "u2"});
    f.refusals.report(refusal);
    f.refusals.flush();
    ASSERT_EQ(f.sink.events.size(), 1U);
    EXPECT_EQ(f.sink.events[0].user_id, "");
    EXPECT_EQ(f.sink.events[0].count, 3U);
}

TEST(Refusals, OnAdminRoutesAreCritical) {
    struct Case {
        Type type;
        RouteClass route_class;
        Severity severity;
    };
    const Case cases[] = {
        {Type::UnauthorizedAccess, RouteClass::Admin, Severity::Critical},  // seed
        {Type::UnauthorizedAccess, RouteClass::Ordinary, Severity::Warning},
        {Type::InvalidToken, RouteClass::Admin, Severity::Warning},
        {Type::RateLimited, RouteClass::Admin, Severity::Warning},
    };
    for (const auto& [type, route_class, severity] : cases) {
        Fixture f;
        f.refusals.report({type, "192.0.2.1", "/api/users", {}, route_class});
        f.refusals.flush();
        ASSERT_EQ(f.sink.events.size(), 1U);
        EXPECT_EQ(f.sink.events[0].severity, severity);
    }
}

TEST(Refusals, OfAnEndlessNumberOfClientsFillOnlyTheTable) {
    Fixture f;
    constexpr std::uint64_t clients = 100'000;
    for (std::uint64_t i = 0; i < clients; ++i) {
        f.refusals.report({Type::InvalidToken, std::to_string(i), "/api/orders"});
    }
    f.refusals.flush();
    EXPECT_LE(f.sink.events.size(), Refusals::keys_max);
    EXPECT_GT(f.sink.events.size(), Refusals::keys_max * 9 / 10);  // shards fill evenly
    EXPECT_EQ(f.sink.events.size() + f.dropped(), clients);        // none is lost uncounted
}

TEST(Refusals, KeepABoundedPartOfLongTexts) {
    Fixture f;
    const std::string longest(1 << 20, 'x');
    f.refusals.report({Type::InvalidToken, longest, longest, longest});
    f.refusals.report({Type::InvalidToken, longest, longest, longest});
    f.refusals.flush();
    ASSERT_EQ(f.sink.events.size(), 1U);
    EXPECT_EQ(f.sink.events[0].ip.size(), Refusals::text_bytes_max);
    EXPECT_EQ(f.sink.events[0].user_id.size(), Refusals::text_bytes_max);
}

TEST(Refusals, DoNotCareWhatAnAdministratorDoesToTheWallClock) {
    Fixture f;
    f.refusals.report(refusal);
    f.clock.jump_wall(std::chrono::hours{-48});
    f.clock.advance(seconds{10});
    f.refusals.tick();
    EXPECT_EQ(f.sink.events.size(), 1U);
}

TEST(Refusals, FromManyThreadsAreAllCounted) {
    Fixture f;
    constexpr int threads = 4;
    constexpr int each = 20'000;
    {
        std::vector<std::jthread> reporters;
        for (int t = 0; t < threads; ++t) {
            reporters.emplace_back([&f] {
                for (int i = 0; i < each; ++i) {
                    f.refusals.report({Type::RateLimited, std::to_string(i % 50), "/api/orders"});
                }
            });
        }
        for (int i = 0; i < 200; ++i) f.refusals.flush();  // writers and reporters at once
    }
    f.refusals.flush();
    std::uint64_t counted = f.dropped();
    for (const Event& event : f.sink.events) counted += event.count;
    EXPECT_EQ(counted, static_cast<std::uint64_t>(threads) * each);
}

}  // namespace
}  // namespace merlon::events
