// How much may be open, of all and of one client.
#include "upstream/places.h"

#include <gtest/gtest.h>

namespace merlon::upstream {
namespace {

class OpenPlaces : public ::testing::Test {
protected:
    Places make(PoolSettings settings) { return Places("echo", settings, entropy, metrics); }

    SystemEntropy entropy;
    metrics::Registry metrics;
};

TEST_F(OpenPlaces, AreAsManyAsTheSettingsSayAndComeBackWhenTheyEnd) {
    Places places = make({.requests = 4, .client_requests = 4});
    std::vector<Places::Place> held;
    for (int i = 0; i < 4; ++i) held.push_back(*places.enter("10.0.0." + std::to_string(i)));
    const auto refused = places.enter("10.0.0.9");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, full_rule);
    EXPECT_EQ(refused.error().kind, Kind::Exhausted);
    held.pop_back();
    EXPECT_EQ(places.open(Work::Request), 3U);
    EXPECT_TRUE(places.enter("10.0.0.9"));
}

TEST_F(OpenPlaces, AClientHasItsShareAndLeavesTheRestToOthers) {
    Places places = make({.requests = 100});
    std::vector<Places::Place> held;
    while (true) {
        auto place = places.enter("10.0.0.1");
        if (!place) {
            EXPECT_EQ(place.error().rule, share_rule);
            break;
        }
        held.push_back(*std::move(place));
    }
    EXPECT_EQ(held.size(), 50U) << "half";
    EXPECT_TRUE(places.enter("10.0.0.2"));
}

TEST_F(OpenPlaces, StreamsAreCountedApart) {
    Places places = make({.requests = 2, .streams = 3, .client_requests = 2, .client_streams = 3});
    std::vector<Places::Place> streams;
    for (int i = 0; i < 3; ++i) {
        streams.push_back(*places.enter("a"));
        ASSERT_TRUE(streams.back().becomes_stream());
        ASSERT_TRUE(streams.back().becomes_stream()) << "twice is once";
    }
    EXPECT_EQ(places.open(Work::Stream), 3U);
    EXPECT_EQ(places.open(Work::Request), 0U);
    {
        auto fourth = *places.enter("a");
        EXPECT_FALSE(fourth.becomes_stream());
        EXPECT_EQ(places.open(Work::Request), 1U) << "it stays a request";
    }
    streams.clear();
    EXPECT_EQ(places.open(Work::Stream), 0U);
    EXPECT_EQ(places.open(Work::Request), 0U);
}

TEST_F(OpenPlaces, AreInTheMetricsOfAllWorkers) {
    {
        Places one = make({.requests = 10});
        Places other = make({.requests = 10});
        const auto held = *one.enter("a");
        const auto more = *other.enter("a");
        one.publish();
        other.publish();
        const std::string text = metrics.render();
        EXPECT_NE(text.find("merlon_upstream_open{service=\"echo\",kind=\"request\"} 2"),
                  std::string::npos)
            << text;
        EXPECT_NE(text.find("merlon_upstream_open_max{service=\"echo\",kind=\"request\"} 20"),
                  std::string::npos);
    }
    EXPECT_NE(
        metrics.render().find("merlon_upstream_open_max{service=\"echo\",kind=\"request\"} 0"),
        std::string::npos)
        << "those of a configuration that was replaced";
}

}  // namespace
}  // namespace merlon::upstream
