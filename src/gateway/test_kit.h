// For tests of the gateway: a worker in front of upstreams that the test plays by hand.
#pragma once

#include "base/entropy.h"
#include "base/mutex.h"
#include "base/text.h"
#include "crypto/mac.h"
#include "events/event.h"
#include "gateway/request_path.h"
#include "http/server.h"
#include "net/test_kit.h"
#include "tokens/test_kit.h"

namespace merlon::gateway::testing {

using net::testing::Listener;
using net::testing::Wire;

inline RouteSettings open_route(std::string path, std::vector<std::string> methods) {
    RouteSettings route;
    route.path = std::move(path);
    route.methods = std::move(methods);
    route.allow = Allow::Public;
    return route;
}

inline ServiceSettings service_of(std::vector<std::string> urls,
                                  std::vector<RouteSettings> routes) {
    ServiceSettings service;
    service.name = "echo";
    for (std::string& url : urls) service.targets.push_back({std::move(url)});
    service.routes = std::move(routes);
    return service;
}

class NoEvents final : public events::EventSink {
public:
    void write(const events::Event&) override {}
};

class KeptLines final : public LineSink {
public:
    void write(std::string_view lines) override {
        const Lock lock(mutex_);
        text_ += lines;
    }
    std::string text() const {
        const Lock lock(mutex_);
        return text_;
    }

private:
    mutable Mutex mutex_;
    std::string text_ MERLON_GUARDED_BY(mutex_);
};

// Everything a worker needs, with short timeouts. Change the settings, then start().
class Gateway final {
public:
    Gateway() {
        server_settings.timeouts.body = std::chrono::milliseconds{1'000};
        server_settings.timeouts.upstream = std::chrono::milliseconds{1'000};
        server_settings.timeouts.idle = std::chrono::milliseconds{2'000};
        token_settings.secret = Secret("k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E");
    }
    ~Gateway() {
        thread.stop();
        server.reset();
        path.reset();
    }

    Result<std::shared_ptr<const Snapshot>> snapshot() {
        return Snapshot::make(settings, server_settings, token_settings, {keys, remote_keys},
                              access::Roles::defaults(), {}, std::nullopt);
    }
    void start() {
        auto made = snapshot();
        ASSERT_TRUE(made) << made.error().detail;
        thread.run([&] {
            path = std::make_unique<RequestPath>(
                SharedResources{clock, entropy, limits, refusals, metrics, revocations,
                                access_lines, resolver},
                thread.deadlines(), thread.executor(), *made);
            server = std::make_unique<http::Server>(
                thread.executor(), system_clock, server_settings, *path, thread.deadlines(),
                nullptr, http::ConnectionTable::Limits{100, 100});
            auto acceptor = net::listen_on(thread.executor(), {"127.0.0.1", 0, {}});
            ASSERT_TRUE(acceptor);
            port = net::port_of(*acceptor);
            server->serve(*std::move(acceptor));
        });
    }
    Wire connect() const { return Wire::connect(port); }
    // One GET on a connection of its own; the whole response.
    std::string get(const std::string& target) {
        Wire client = connect();
        client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return client.read_all();
    }
    // A genuine access token of user u-1, session s-1.
    std::string token(std::chrono::seconds life) const {
        const auto now = std::chrono::floor<std::chrono::seconds>(clock.wall()).time_since_epoch();
        const std::string claims =
            R"({"iss":"auth-service","aud":"microservices-api","userId":"u-1","email":"a@b.example",)"
            R"("role":"user","permissions":["read:products"],"sid":"s-1","jti":"t-1","iat":)" +
            std::to_string(now.count()) + R"(,"exp":)" + std::to_string((now + life).count()) + "}";
        const crypto::HmacSha256 mac{token_settings.secret};
        const std::string signed_text =
            text::to_base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + text::to_base64url(claims);
        return signed_text + "." + text::to_base64url(crypto::as_text(mac.mac(signed_text)));
    }

    GatewaySettings settings;
    http::ServerSettings server_settings;
    tokens::TokenSettings token_settings;
    tokens::CurrentKeys keys{std::make_shared<const tokens::Keyring>(
        tokens::Keyring::of_secret(Secret("k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E")).value())};
    FakeClock clock;
    SystemClock system_clock;  // of the server: draining ends by real time
    tokens::testing::FakeFetcher documents;
    tokens::RemoteKeySets remote_keys{documents, clock, [](const std::string&) {}};
    SystemEntropy entropy;
    tokens::Revocations revocations{clock};
    metrics::Registry metrics;
    NoEvents events;
    KeptLines access_lines;
    dns::Resolver resolver{{}, system_clock, [](const std::string&) {}};
    events::Refusals refusals{clock, events, metrics};
    LimitTable limits{1'000, entropy};
    net::testing::LoopThread thread;
    std::unique_ptr<RequestPath> path;
    std::unique_ptr<http::Server> server;
    std::uint16_t port = 0;
};

}  // namespace merlon::gateway::testing
