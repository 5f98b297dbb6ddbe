// Choosing targets: by load, in turns, by passive health.
#include "upstream/upstream.h"

#include <map>

#include "base/spawn.h"
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

    explicit Pool(int count) {
        std::vector<std::shared_ptr<const http::UpstreamAddress>> addresses;
        for (int i = 0; i < count; ++i) {
            listeners.push_back(std::make_unique<Listener>());
            addresses.push_back(*parse_upstream(listeners.back()->url(), {}));
        }
        upstream = std::make_unique<Upstream>("echo", addresses, deadlines, metrics);
    }
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
    EXPECT_EQ(pool.upstream->open_count(), 9U);
    const std::string_view freed = open[4].connection().authority();
    {
        const Upstream::Lease ended = std::move(open[4]);
    }
    EXPECT_EQ(pool.connect()->connection().authority(), freed);
}

TEST(Upstream, ALoanThatIsDroppedLeavesNoCount) {
    Pool pool(1);
    {
        const auto lease = pool.connect();
    }
    EXPECT_EQ(pool.upstream->open_count(), 0U);
    pool.listeners[0]->close();
    EXPECT_FALSE(pool.connect());
    EXPECT_EQ(pool.upstream->open_count(), 0U);
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
    pool.upstream->note_check(0, true);
    pool.upstream->note_check(1, false);
    EXPECT_TRUE(pool.connect());
}

TEST(Upstream, HasALimitOfOpenRequests) {
    Pool pool(1);
    std::vector<Upstream::Lease> open;
    std::vector<Wire> accepted;
    while (open.size() < Upstream::open_max) {
        open.push_back(*pool.connect());
        accepted.push_back(pool.listeners[0]->accept());
    }
    const auto refused = pool.connect();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::Exhausted);
    EXPECT_FALSE(pool.upstream->reuse());
}

}  // namespace
}  // namespace merlon::upstream
