// Choosing targets: by load, in turns, by passive health.
#include "upstream/upstream.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/spawn.h"
#include "dns/test_kit.h"
#include "net/test_kit.h"

namespace merlon::upstream {
namespace {

using net::testing::Listener;
using net::testing::Wire;

TEST(ParseUpstream, TakesHostAndPortOnly) {
    struct Case {
        std::string url, authority, host;
        std::uint16_t port;
    };
    const Case good[] = {
        {"http://127.0.0.1:9000", "127.0.0.1:9000", "127.0.0.1", 9000},
        {"http://catalog/", "catalog", "catalog", 80},
        {"https://catalog", "catalog", "catalog", 443},
        {"http://[::1]:9000", "[::1]:9000", "::1", 9000},
        {"http://[::1]", "[::1]", "::1", 80},
        {"unix:/run/x.sock", "localhost", "", 0},
    };
    for (const auto& [url, authority, host, port] : good) {
        const auto address = parse_upstream(url, {});
        ASSERT_TRUE(address) << url;
        EXPECT_EQ((*address)->authority, authority);
        EXPECT_EQ((*address)->host, host);
        EXPECT_EQ((*address)->port, port);
    }
    for (const char* url : {"", "catalog:9000", "ftp://x", "http://", "http://x:0",
                            "http://x:65536", "http://x:", "http://x/path", "http://user@x",
                            "http://x?q", "http://a b", "unix:relative"}) {
        const auto address = parse_upstream(url, {});
        ASSERT_FALSE(address) << url;
        EXPECT_EQ(address.error().rule, "upstream.url");
    }
    EXPECT_NE((*parse_upstream("https://x", {}))->tls, nullptr);
    EXPECT_EQ(parse_upstream_url("https://x")->tls, nullptr) << "all of the system's authorities";
    net::TlsClientSettings bad_ca;
    bad_ca.ca_path = "/no/such/file";
    EXPECT_EQ(parse_upstream("https://x", bad_ca).error().rule, "tls.ca");
}

// Runs one coroutine on a loop of its own, to its end.
struct Pool {
    asio::io_context loop;
    net::Deadlines deadlines{loop.get_executor()};
    metrics::Registry metrics;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::unique_ptr<Upstream> upstream;

    SystemClock clock;
    SystemEntropy entropy;
    dns::testing::FakeServer names;
    dns::Resolver resolver{{{names.address()}}, clock, [](const std::string&) {}};

    explicit Pool(int count) {
        std::vector<std::string> urls;
        for (int i = 0; i < count; ++i) {
            listeners.push_back(std::make_unique<Listener>());
            urls.push_back(listeners.back()->url());
        }
        make(urls);
    }
    void make(const std::vector<std::string>& urls) {
        std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses;
        for (const std::string& url : urls) addresses.push_back(*parse_upstream(url, {}));
        upstream = std::make_unique<Upstream>(
            "echo", addresses, PoolSettings{},
            UpstreamContext{loop.get_executor(), deadlines, clock, resolver, entropy, metrics});
    }
    ~Pool() { upstream.reset(); }
    Task<> connect_into(std::optional<Result<Upstream::Lease>>* made) {
        made->emplace(co_await upstream->connect());
        co_return Result<>{};
    }
    Result<Upstream::Lease> connect() {
        std::optional<Result<Upstream::Lease>> made;
        spawn(loop.get_executor(), connect_into(&made), [this](Result<>) { loop.stop(); });
        loop.restart();
        loop.run();
        return *std::move(made);
    }
    void pass(std::chrono::milliseconds time) {
        for (auto t = std::chrono::milliseconds{0}; t < time; t += net::Deadlines::tick_length) {
            deadlines.advance();
        }
    }
    std::string healthy() const {
        std::string out;
        const std::string text = metrics.render();
        const std::string name = "merlon_upstream_healthy{";
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; ++at) {
            out += text[text.find('\n', at) - 1];
        }
        return out;
    }
};

TEST(Upstream, EqualTargetsTakeTurnsAndTheBusiestWaits) {
    Pool pool(3);
    std::map<std::string_view, int> turns;
    std::vector<Upstream::Lease> open;
    for (int i = 0; i < 9; ++i) {
        open.push_back(*pool.connect());
        ++turns[open.back().connection().authority()];
    }
    for (const auto& [authority, count] : turns) EXPECT_EQ(count, 3) << authority;
    const std::string_view freed = open[4].connection().authority();
    {
        const Upstream::Lease ended = std::move(open[4]);
    }
    EXPECT_EQ(pool.connect()->connection().authority(), freed);
}

std::size_t open_of(const Pool& pool) {
    std::size_t sum = 0;
    for (const auto& target : pool.upstream->targets()) sum += target->open;
    return sum;
}

TEST(Upstream, ALeaseThatIsDroppedLeavesNoCount) {
    Pool pool(1);
    {
        const auto lease = pool.connect();
        EXPECT_EQ(open_of(pool), 1U);
    }
    EXPECT_EQ(open_of(pool), 0U);
    pool.listeners[0]->close();
    EXPECT_FALSE(pool.connect());
    EXPECT_EQ(open_of(pool), 0U);
}

TEST(Upstream, ATargetThatCannotBeReachedCostsOneAttemptWhereThereIsAnother) {
    Pool pool(2);
    pool.listeners[0]->close();
    for (int i = 0; i < 6; ++i) {
        const auto lease = pool.connect();
        ASSERT_TRUE(lease);
        EXPECT_TRUE(
            lease->connection().authority().ends_with(std::to_string(pool.listeners[1]->port())));
    }
    EXPECT_EQ(pool.healthy(), "01");
}

TEST(Upstream, ATargetThatAnswersNothingIsOvertakenAndRests) {
    Pool pool(1);
    // Its queue is full: the kernel answers nothing to who wants to connect.
    const Listener silent(0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(silent.port());
    std::vector<int> fillers;
    for (int i = 0; i < 4; ++i) {
        fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        std::ignore =
            ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    pool.make({silent.url(), pool.listeners[0]->url()});
    for (int i = 0; i < 4; ++i) {
        const auto lease = pool.connect();
        ASSERT_TRUE(lease) << lease.error().rule;
        EXPECT_TRUE(
            lease->connection().authority().ends_with(std::to_string(pool.listeners[0]->port())));
        EXPECT_EQ(pool.healthy(), "10") << "it was asked once, and is asked no more";
    }
    for (const int filler : fillers) ::close(filler);
}

TEST(Upstream, SeveralServerErrorsInARowLetATargetRestWhileMostAreWell) {
    Pool pool(3);
    for (int i = 0; i < 3 * Upstream::server_errors_max; ++i) {
        auto lease = pool.connect();
        const bool is_first =
            lease->connection().authority().ends_with(std::to_string(pool.listeners[0]->port()));
        lease->note_status(is_first ? 503 : 200);
    }
    EXPECT_EQ(pool.healthy(), "011");
    pool.pass(Upstream::rest_first);
    for (int i = 0; i < 3; ++i) {  // it has its chance, and takes it
        auto lease = pool.connect();
        lease->note_status(200);
        lease->give_back();
    }
    EXPECT_EQ(pool.healthy(), "111");
    for (int i = 0; i < 6 * Upstream::server_errors_max; ++i) pool.connect()->note_status(500);
    const std::string healthy = pool.healthy();
    EXPECT_GE(std::ranges::count(healthy, '1'), 1)
        << "a fault of the service as a whole: " << healthy;
}

TEST(Upstream, EveryAddressOfANameIsATarget) {
    Pool pool(1);
    pool.names.set("shop.example", {{"127.0.0.1", "127.0.0.2"}, 1});
    const std::string port = std::to_string(pool.listeners[0]->port());
    pool.make({"http://shop.example:" + port});
    const auto lease = pool.connect();  // 127.0.0.2 refuses
    ASSERT_TRUE(lease) << lease.error().detail;
    EXPECT_EQ(lease->connection().authority(), "shop.example:" + port);
    EXPECT_EQ(pool.upstream->targets().size(), 2U);
}

TEST(Upstream, AServiceThatMovedIsFoundAtOnceWhenItsOldAddressIsDead) {
    Pool pool(1);
    pool.names.set("shop.example", {{"127.0.0.9"}, 60});
    const std::string port = std::to_string(pool.listeners[0]->port());
    pool.make({"http://shop.example:" + port});
    const auto dead = pool.connect();
    EXPECT_FALSE(dead);
    pool.names.set("shop.example", {{"127.0.0.1"}, 60});
    // Its answer is a minute good, and a second old.
    while (!pool.connect()) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    EXPECT_EQ(pool.upstream->targets().size(), 1U);
}

TEST(Upstream, ANameThatIsNotThereSaysSo) {
    Pool pool(1);
    pool.make({"http://gone.example:80"});
    const auto lease = pool.connect();
    ASSERT_FALSE(lease);
    EXPECT_EQ(lease.error().rule, "upstream.unavailable");
    EXPECT_NE(lease.error().detail.find("gone.example"), std::string::npos) << lease.error().detail;
}

TEST(Upstream, ATargetThatKeepsFailingRestsLongerEachTime) {
    Pool pool(2);
    const auto fail_once = [&] {  // a lease of the first target, blamed
        for (int i = 0; i < 4; ++i) {
            auto lease = pool.connect();
            if (!lease->connection().authority().ends_with(
                    std::to_string(pool.listeners[0]->port())))
                continue;
            lease->blame();
            return true;
        }
        return false;
    };
    for (int i = 0; i < Upstream::failures_max; ++i) {
        EXPECT_EQ(pool.healthy(), "11");
        EXPECT_TRUE(fail_once());
    }
    EXPECT_EQ(pool.healthy(), "01");
    EXPECT_FALSE(fail_once());  // it rests
    pool.pass(Upstream::rest_first);
    EXPECT_TRUE(fail_once());  // one chance, lost
    pool.pass(Upstream::rest_first);
    EXPECT_FALSE(fail_once());
    pool.pass(Upstream::rest_first);
    EXPECT_TRUE(fail_once());
}

TEST(Upstream, WhenAllRestAllAreTried) {
    Pool pool(2);
    for (int i = 0; i < 2 * Upstream::failures_max; ++i) pool.connect()->blame();
    EXPECT_EQ(pool.healthy(), "00");
    EXPECT_TRUE(pool.connect());
    pool.upstream->note_check(0, true, 1);
    pool.upstream->note_check(1, false, 1);
    EXPECT_TRUE(pool.connect());
}

}  // namespace
}  // namespace merlon::upstream
