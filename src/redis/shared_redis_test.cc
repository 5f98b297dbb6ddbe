// Asking from other loops than the client's.
#include "redis/shared_redis.h"

#include <gtest/gtest.h>

#include "base/wait.h"
#include "redis/test_kit.h"

namespace merlon::redis {
namespace {

using testing::asked;
using testing::Listener;
using testing::log_in;
using testing::Wire;
using namespace std::chrono_literals;

class Shared {
public:
    explicit Shared(std::uint16_t port) {
        RedisSettings settings;
        settings.host = "127.0.0.1";
        settings.port = port;
        settings.answer_max = 300ms;
        server = RedisServer::make(std::make_shared<const RedisSettings>(std::move(settings)),
                                   metrics, [](const std::string&) {})
                     .value();
        loop.run([this] {
            redis.emplace(*server, loop.deadlines(), loop.executor(), clock, testing::scripts,
                          testing::probe);
        });
    }
    ~Shared() { loop.stop(); }

    // On a loop and a thread of the asker's.
    std::future<std::string> ask(const std::string& number) {
        return std::async(std::launch::async, [this, number] {
            const auto numbers = wait(redis->ask(0, {"key", number}));
            return numbers ? std::to_string((*numbers)[0]) : std::string(numbers.error().rule);
        });
    }

    SystemClock clock;
    metrics::Registry metrics;
    std::unique_ptr<RedisServer> server;
    net::testing::LoopThread loop;
    std::optional<SharedRedis> redis;
};

TEST(SharedRedis, AnswersOnTheLoopOfWhoAsks) {
    Listener listener;
    Shared shared(listener.port());
    Wire wire = log_in(listener);
    auto first = shared.ask("1");
    EXPECT_EQ(wire.read(asked("1").size()), asked("1"));
    auto second = shared.ask("2");
    EXPECT_EQ(wire.read(asked("2").size()), asked("2"));
    wire.send("*1\r\n:1\r\n-ERR not like this\r\n");
    EXPECT_EQ(first.get(), "1");
    EXPECT_EQ(second.get(), "state.refused");
}

TEST(SharedRedis, AsksAgainOnceWhenTheServerHasForgottenTheScript) {
    Listener listener;
    Shared shared(listener.port());
    Wire wire = log_in(listener);
    auto answer = shared.ask("7");
    wire.read(asked("7").size());
    wire.send("-NOSCRIPT No matching script.\r\n");
    const std::string again = wire.read_until(asked("7"));
    EXPECT_NE(again.find("LOAD"), std::string::npos);
    wire.send(testing::bulk(testing::digest) + "-NOSCRIPT No matching script.\r\n");
    EXPECT_EQ(answer.get(), "state.away") << "not for ever";
}

TEST(SharedRedis, WaitsOnceForAServerThatHangsAndThenNoMore) {
    Listener listener;
    Shared shared(listener.port());
    Wire wire = log_in(listener);
    EXPECT_EQ(shared.ask("1").get(), "state.away");
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(shared.ask("2").get(), "state.away");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 250ms);
}

TEST(SharedRedis, IsNotWaitedForWhileItsLoopDoesSomethingElse) {
    Listener listener;
    Shared shared(listener.port());
    Wire wire = log_in(listener);
    std::promise<void> done;
    asio::post(shared.loop.executor(), [&] { done.get_future().wait(); });
    EXPECT_EQ(shared.ask("1").get(), "answer.late");
    done.set_value();
}

}  // namespace
}  // namespace merlon::redis
