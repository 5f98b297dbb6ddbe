// The client before a Redis that the test plays by hand, and before a real one.
#include "redis/redis_client.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>

#include "base/mutex.h"
#include "base/spawn.h"
#include "redis/test_kit.h"

namespace merlon::redis {
namespace {

using testing::asked;
using testing::bulk;
using testing::digest;
using testing::learn_script;
using testing::Listener;
using testing::log_in;
using testing::probe;
using testing::scripts;
using testing::Wire;
using Outcome = RedisCall::Outcome;
using namespace std::chrono_literals;

// A client on a loop of its own. Ask `play` for what comes first.
class Client {
public:
    explicit Client(std::uint16_t port, std::function<void(RedisSettings&)> change = {}) {
        RedisSettings settings;
        settings.host = "127.0.0.1";
        settings.port = port;
        settings.answer_max = 300ms;
        if (change) change(settings);
        server =
            RedisServer::make(std::make_shared<const RedisSettings>(std::move(settings)), metrics,
                              [this](const std::string& line) {
                                  const Lock lock(mutex);
                                  lines.push_back(line);
                              })
                .value();
        loop.run([this] {
            client = std::make_unique<RedisClient>(*server, loop.deadlines(), loop.executor(),
                                                   clock, scripts, probe);
        });
    }
    ~Client() { loop.stop(); }

    // What one that waits for readiness and then for an answer gets: the number, or why not.
    std::future<std::string> ask(std::string number) {
        auto told = std::make_shared<std::promise<std::string>>();
        spawn(loop.executor(), run(client.get(), std::move(number)),
              [told](const Result<std::string>& done) {
                  told->set_value(done ? *done : std::string(done.error().rule));
              });
        return told->get_future();
    }
    static Task<std::string> run(RedisClient* client, std::string number) {
        MERLON_CO_TRY(co_await client->ready());
        RedisCall call;
        const std::string_view words[] = {"key", number};
        if (!client->ask(0, words, &call)) co_return "full";
        co_await RedisClient::answer_to(call);
        switch (call.outcome) {
            case Outcome::Answered:
                co_return std::to_string(call.numbers[0]);
            case Outcome::Unknown:
                co_return "unknown";
            case Outcome::Refused:
                co_return "refused";
            default:
                co_return "lost";
        }
    }
    std::vector<std::string> told() {
        const Lock lock(mutex);
        return lines;
    }
    bool is_up() {
        return metrics.render().find("merlon_store_up{store=\"state\"} 1") != std::string::npos;
    }

    SystemClock clock;
    metrics::Registry metrics;
    Mutex mutex;
    std::vector<std::string> lines MERLON_GUARDED_BY(mutex);
    std::unique_ptr<RedisServer> server;
    net::testing::LoopThread loop;
    std::unique_ptr<RedisClient> client;
};

TEST(RedisClient, SendsWhatOneTurnAsksTogetherAndMatchesAnswersInOrder) {
    Listener listener;
    Client client(listener.port());
    std::vector<std::future<std::string>> answers;
    for (const char* number : {"1", "2", "3"}) answers.push_back(client.ask(number));
    Wire wire = log_in(listener);  // who asked before waits for it
    const std::string all = asked("1") + asked("2") + asked("3");
    EXPECT_EQ(wire.read(all.size()), all);
    wire.send("*1\r\n:1\r\n*1\r");  // cut anywhere
    EXPECT_EQ(answers[0].get(), "1");
    wire.send("\n:2\r\n>2\r\n+out of\r\n+band\r\n-ERR no\r\n");
    EXPECT_EQ(answers[1].get(), "2");
    EXPECT_EQ(answers[2].get(), "refused");
    EXPECT_TRUE(client.is_up());
}

TEST(RedisClient, LosesWhatItWaitsForWhenTheConnectionEndsAndAsksNobodyElse) {
    Listener listener;
    Client client(listener.port());
    Wire wire = log_in(listener);
    auto lost = client.ask("1");
    wire.read(asked("1").size());
    wire.close();
    EXPECT_EQ(lost.get(), "lost");
    EXPECT_EQ(client.ask("2").get(), "state.away") << "nobody waits while it is away";
    EXPECT_FALSE(client.is_up());
    log_in(listener);
}

TEST(RedisClient, WaitsForAnAnswerOnceAndThenNoMore) {
    Listener listener;
    Client client(listener.port());
    const Wire wire = log_in(listener);
    EXPECT_EQ(client.ask("1").get(), "lost");
    EXPECT_EQ(client.ask("2").get(), "state.away");
    ASSERT_EQ(client.told().size(), 1U);
    EXPECT_NE(client.told()[0].find("no answer in time"), std::string::npos);
}

TEST(RedisClient, GivesUpHopeOfAConnectionInTime) {
    Listener listener;  // accepts, as its backlog does, and says nothing
    Client client(listener.port());
    EXPECT_EQ(client.ask("1").get(), "state.away");
}

TEST(RedisClient, TellsAServerItsScriptsAgain) {
    Listener listener;
    Client client(listener.port());
    Wire wire = log_in(listener);
    auto first = client.ask("1");
    auto second = client.ask("2");
    wire.read(2 * asked("1").size());
    wire.send("-NOSCRIPT No matching script.\r\n-NOSCRIPT No matching script.\r\n");
    EXPECT_EQ(first.get(), "unknown");
    EXPECT_EQ(second.get(), "unknown");
    wire.read_until("ARGV[1])}\r\n");  // once
    wire.send(bulk(digest));
    auto third = client.ask("3");
    EXPECT_EQ(wire.read(asked("3").size()), asked("3"));
    wire.send("*1\r\n:3\r\n");
    EXPECT_EQ(third.get(), "3");
}

TEST(RedisClient, TellsAServerItsScriptsOnceMoreDuringALogIn) {
    const std::string forgotten = "-NOSCRIPT No matching script.\r\n";
    const struct {
        std::string second, told;
        std::size_t lines;  // about a server that is away
    } cases[] = {{"*1\r\n:0\r\n", "1", 0}, {forgotten, "state.away", 1}};
    for (const auto& [second, told, lines] : cases) {
        Listener listener;
        Client client(listener.port());
        auto hopeful = client.ask("1");
        Wire wire = listener.accept();
        wire.read_until("merlon\r\n");
        wire.send("+OK\r\n");
        learn_script(wire, forgotten);
        learn_script(wire, second);
        if (lines == 0) {
            EXPECT_EQ(wire.read(asked("1").size()), asked("1"));
            wire.send("*1\r\n:1\r\n");
        }
        EXPECT_EQ(hopeful.get(), told);
        EXPECT_EQ(client.told().size(), lines);
    }
}

TEST(RedisClient, HasALimitOfCommandsThatWait) {
    Listener listener;
    Client client(listener.port(), [](RedisSettings& settings) { settings.waiting_max = 2; });
    Wire wire = log_in(listener);
    auto up = client.ask("0");
    wire.read(asked("0").size());
    wire.send("*1\r\n:0\r\n");
    EXPECT_EQ(up.get(), "0");
    auto first = client.ask("1");
    auto second = client.ask("2");
    EXPECT_EQ(client.ask("3").get(), "full");
    wire.send("*1\r\n:1\r\n*1\r\n:2\r\n");
    EXPECT_EQ(first.get() + second.get(), "12");
}

TEST(RedisClient, SpeaksToServersThatDoNotKnowHello) {
    Listener listener;
    Client client(listener.port(), [](RedisSettings& settings) {
        settings.user = "gate";
        settings.password = Secret("pw");
        settings.database = 3;
    });
    Wire wire = listener.accept();
    EXPECT_TRUE(wire.read_until("merlon\r\n")
                    .starts_with("*7\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$4\r\ngate\r\n"
                                 "$2\r\npw\r\n"));
    wire.send("-ERR unknown command `HELLO`\r\n");
    EXPECT_EQ(wire.read_until("pw\r\n"), "*3\r\n$4\r\nAUTH\r\n$4\r\ngate\r\n$2\r\npw\r\n");
    wire.send("+OK\r\n");
    wire.read_until("merlon\r\n");
    wire.send("-ERR unknown subcommand\r\n");  // a name is a courtesy
    EXPECT_EQ(wire.read_until("$1\r\n3\r\n"), "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
    wire.read_until("ARGV[1])}\r\n");
    wire.send("+OK\r\n" + bulk(digest));
    wire.read_until("$1\r\n0\r\n");
    wire.send("*1\r\n:0\r\n");
    auto answer = client.ask("7");
    wire.read(asked("7").size());
    wire.send("*1\r\n:7\r\n");
    EXPECT_EQ(answer.get(), "7");
}

TEST(RedisClient, DoesNotGoWhereTheLogInOrTheProbeFails) {
    const struct {
        std::string hello, load, probed;
    } cases[] = {
        {"-WRONGPASS invalid username-password pair\r\n", "", ""},
        {"-NOAUTH HELLO must be called with the client already authenticated\r\n", "", ""},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "", ""},
        {"+OK\r\n", "-NOPERM no permissions to run the 'script|load' command\r\n", ""},
        {"+OK\r\n", bulk(digest), "-READONLY You can't write against a read only replica.\r\n"},
        {"+OK\r\n", bulk(digest), "$-1\r\n"},
    };
    for (const auto& [hello, load, probed] : cases) {
        Listener listener;
        Client client(listener.port());
        auto hopeful = client.ask("1");
        Wire wire = listener.accept();
        wire.read_until("merlon\r\n");
        wire.send(hello);
        if (!load.empty()) wire.read_until("ARGV[1])}\r\n");
        wire.send(load);
        if (!probed.empty()) wire.read_until("$1\r\n0\r\n");
        wire.send(probed);
        EXPECT_EQ(hopeful.get(), "state.away") << hello;
        EXPECT_EQ(client.told().size(), 1U);
    }
}

// Debian's, in a folder of its own.
class RealRedis {
public:
    RealRedis() : port_(Listener().port()) {
        process_ = ::fork();
        MERLON_ASSERT(process_ >= 0);
        if (process_ != 0) return;
        ::execl("tests/redis/serve", "serve", folder_.c_str(), std::to_string(port_).c_str(),
                nullptr);
        ::_exit(127);
    }
    ~RealRedis() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }
    RealRedis(const RealRedis&) = delete;
    RealRedis& operator=(const RealRedis&) = delete;
    std::uint16_t port() const { return port_; }

private:
    std::string folder_ =
        (std::filesystem::temp_directory_path() / ("redis-" + std::to_string(::getpid()))).string();
    std::uint16_t port_;
    pid_t process_;
};

TEST(RedisClient, FindsARealServerAsSoonAsThereIsOne) {
    const RealRedis redis;
    Client client(redis.port());
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!client.is_up() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(10ms);
    }
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 100; ++i) answers.push_back(client.ask(std::to_string(i)));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(answers[i].get(), std::to_string(i));
}

}  // namespace
}  // namespace merlon::redis
