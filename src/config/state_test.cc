// Where shared state may be said to live, and what is refused.
#include <gtest/gtest.h>

#include "config/test_kit.h"

namespace merlon::config {
namespace {

Loaded load_state(std::string_view section, std::map<std::string, std::string> environment = {}) {
    Inputs inputs;
    inputs.environment = std::move(environment);
    std::string text = "version: 1\n";
    if (!section.empty()) text += "state: " + std::string(section) + "\n";
    return load(inputs, OneFile(text));
}

TEST(StateUrl, IsThisProcessUnlessSaidOtherwise) {
    for (const std::string_view section : {"", "{ url: \"memory:\" }"}) {
        const Loaded loaded = load_state(section);
        ASSERT_TRUE(loaded.settings);
        EXPECT_FALSE(loaded.settings->state.redis);
    }
}

TEST(StateUrl, OfRedisSaysHostUserAndDatabase) {
    const Loaded loaded = load_state(
        "{ url: \"rediss://merlon@cache.example:6380/3\", password: very-secret, ca: /ca.pem, "
        "certificate: /c.pem, key: /k.pem, timeout: 50ms }");
    ASSERT_TRUE(loaded.settings);
    const redis::RedisSettings& redis = *loaded.settings->state.redis;
    EXPECT_EQ(redis.host, "cache.example");
    EXPECT_EQ(redis.port, 6380);
    EXPECT_EQ(redis.user, "merlon");
    EXPECT_EQ(redis.database, 3U);
    EXPECT_TRUE(redis.has_tls);
    EXPECT_EQ(redis.password.reveal(), "very-secret");
    EXPECT_EQ(redis.ca_path + redis.certificate + redis.key, "/ca.pem/c.pem/k.pem");
    EXPECT_EQ(redis.answer_max, std::chrono::milliseconds{50});
}

TEST(StateUrl, OnThisMachineNeedsNoTls) {
    for (const char* host : {"127.0.0.1", "[::1]", "localhost"}) {
        const Loaded loaded = load_state("{ url: \"redis://" + std::string(host) + "\" }");
        ASSERT_TRUE(loaded.settings) << host;
        EXPECT_FALSE(loaded.settings->state.redis->has_tls);
        EXPECT_EQ(loaded.settings->state.redis->port, 6379);
    }
}

TEST(StateUrl, ElsewhereNeedsTlsOrAWordThatItDoesNot) {
    EXPECT_FALSE(load_state("{ url: \"redis://cache.example\" }").settings);
    EXPECT_FALSE(load_state("{ url: \"redis://10.0.0.7\" }").settings);
    EXPECT_TRUE(load_state("{ url: \"redis://cache.example\", allow_cleartext: true }").settings);
}

TEST(StateUrl, RefusesWhatItDoesNotUnderstand) {
    const std::string_view sections[] = {
        "{ url: \"redis:\" }",
        "{ url: \"http://127.0.0.1\" }",
        "{ url: \"redis://:password@127.0.0.1\" }",  // is for state.password
        "{ url: \"redis://127.0.0.1/zero\" }",
        "{ url: \"redis://127.0.0.1/-1\" }",
        "{ url: \"redis://127.0.0.1/0?timeout=1\" }",
        "{ url: \"redis://127.0.0.1:port\" }",
        "{ url: \"memory:here\" }",
        "{ timeout: 0s }",
        "{ timeout: 1m }",
        "{ certificate: /c.pem }",
        "{ nothing: 1 }",
    };
    for (const std::string_view section : sections) {
        EXPECT_FALSE(load_state(section).settings) << section;
    }
}

TEST(StateUrl, IsToldByTheNamesOfTheSeed) {
    const struct {
        std::map<std::string, std::string> environment;
        std::string url;  // empty: an error
    } cases[] = {
        {{{"REDIS_HOST", "127.0.0.1"}}, "redis://127.0.0.1"},
        {{{"REDIS_HOST", "127.0.0.1"}, {"REDIS_PORT", "6380"}}, "redis://127.0.0.1:6380"},
        {{{"REDIS_HOST", "::1"}}, "redis://[::1]"},
        {{{"REDIS_PORT", "tcp://10.96.0.3:6379"}}, "memory:"},  // Kubernetes', of a service
        {{{"REDIS_HOST", "127.0.0.1"}, {"REDIS_PORT", "tcp://10.96.0.3:6379"}}, ""},
        {{{"REDIS_HOST", "cache"}}, ""},  // in the clear, elsewhere
        {{{"REDIS_HOST", "cache"}, {"MERLON_STATE__URL", "rediss://cache"}}, "rediss://cache"},
        {{{"REDIS_HOST", "cache"}, {"MERLON_STATE__ALLOW_CLEARTEXT", "true"}}, "redis://cache"},
    };
    for (const auto& [environment, url] : cases) {
        const Loaded loaded = load_state("", environment);
        ASSERT_EQ(loaded.settings.has_value(), !url.empty()) << url;
        if (loaded.settings) EXPECT_EQ(loaded.settings->state.url, url);
    }
    const Loaded loaded = load_state("", {{"REDIS_HOST", "localhost"}, {"REDIS_PASSWORD", "pw"}});
    EXPECT_EQ(loaded.settings->state.redis->password.reveal(), "pw");
}

}  // namespace
}  // namespace merlon::config
