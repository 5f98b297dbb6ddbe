// The reverse proxy between a client and upstreams that the test plays by hand.
#include "gateway/proxy.h"

#include "gateway/test_kit.h"

namespace merlon::gateway {
namespace {

using testing::Gateway;
using testing::Listener;
using testing::open_route;
using testing::service_of;
using testing::Wire;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::vector<RouteSettings> open_routes() {
    return {open_route("/open/**", {"GET", "POST", "PUT"})};
}

std::string request(std::string_view method, std::string_view target, std::string_view fields,
                    std::string_view body = {}) {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}

// A target that was alive and is not: its port refuses.
std::string dead_url() {
    Listener gone;
    return gone.url();
}

TEST(Proxy, ADeadTargetCostsNoRequestWhileALiveOneExists) {
    Listener live;
    Gateway gateway;
    gateway.settings.services = {service_of({dead_url(), live.url(), dead_url()}, open_routes())};
    gateway.start();
    std::jthread upstream([&] {
        for (int i = 0; i < 12; ++i) {
            Wire link = live.accept();
            link.read_head();
            link.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    for (int i = 0; i < 12; ++i) {
        Wire client = gateway.connect();  // POST too: nothing of it was sent to the dead
        client.send(request("POST", "/open/x", "Content-Length: 1\r\n", "x"));
        EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 200")) << i;
    }
    const std::string metrics = gateway.metrics.render();
    EXPECT_NE(metrics.find("merlon_upstream_healthy{service=\"echo\",target=\"" +
                           live.url().substr(7) + "\"} 1"),
              std::string::npos);
}

TEST(Proxy, AllTargetsDeadIs503) {
    Gateway gateway;
    gateway.settings.services = {service_of({dead_url(), dead_url()}, open_routes())};
    gateway.start();
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(gateway.get("/open/x").starts_with("HTTP/1.1 503")) << i;
    }
}

struct KeptCase {
    std::string_view method;
    bool is_repeated;
};

TEST(Proxy, RepeatsOnAFreshConnectionOnlyWhatMayBeDoneTwice) {
    for (const auto& [method, is_repeated] :
         {KeptCase{"GET", true}, {"PUT", true}, {"POST", false}}) {
        Listener listener;
        Gateway gateway;
        gateway.settings.services = {service_of({listener.url()}, open_routes())};
        gateway.start();
        Wire client = gateway.connect();
        client.send(request("GET", "/open/warm", ""));
        Wire kept = listener.accept();
        kept.read_head();
        kept.send(ok);
        EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 200"));
        client.read(2);

        client.send(request(method, "/open/x", "Content-Length: 1\r\n", "x"));
        EXPECT_NE(kept.read_until("\r\n\r\nx").find(method), std::string::npos);
        kept.close();  // without a word: it may have done it
        if (is_repeated) {
            Wire fresh = listener.accept();
            EXPECT_TRUE(fresh.read_until("\r\n\r\nx").ends_with("\r\n\r\nx"));
            fresh.send(ok);
        }
        EXPECT_TRUE(client.read_head().starts_with(is_repeated ? "HTTP/1.1 200" : "HTTP/1.1 502"))
            << method;
    }
}

TEST(Proxy, AnEarlyAnswerReachesAClientThatPausesItsBody) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Content-Length: 1000000\r\n", "begin"));
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("begin").ends_with("begin"));
    link.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    const std::string head = client.read_head();
    EXPECT_TRUE(head.starts_with("HTTP/1.1 403")) << head;
    EXPECT_NE(head.find("Connection: close"), std::string::npos);
    EXPECT_EQ(client.read_all(), "no");
    EXPECT_EQ(link.read_all(), "");  // cut: a part of a request is never reused as a whole
}

TEST(Proxy, BodyAndAnswerStreamAtTheSameTime) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("POST", "/open/x", "Transfer-Encoding: chunked\r\n"));
    Wire link = listener.accept();
    link.read_head();
    link.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 200"));
    for (int i = 0; i < 20; ++i) {  // a conversation
        client.send("3\r\nabc\r\n");
        EXPECT_EQ(link.read(8), "3\r\nabc\r\n");
        link.send("2\r\nde\r\n");
        EXPECT_EQ(client.read(7), "2\r\nde\r\n");
    }
    client.send("0\r\n\r\n");
    EXPECT_EQ(link.read(5), "0\r\n\r\n");
    link.send("0\r\n\r\n");
    EXPECT_EQ(client.read(5), "0\r\n\r\n");
    // Both ended cleanly, so the upstream's connection goes on. The client's was promised to close
    // when the answer began: nobody knew then that its body would end.
    EXPECT_EQ(client.read_all(), "");
    client = gateway.connect();
    client.send(request("GET", "/open/next", ""));
    EXPECT_TRUE(link.read_head().starts_with("GET /open/next"));
    link.send(ok);
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 200"));
}

TEST(Proxy, AHalfClosedClientInsideABodyEndsBothSidesAtOnce) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Content-Length: 1000\r\n", "begin"));
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("begin").ends_with("begin"));
    const auto began = std::chrono::steady_clock::now();
    client.finish_writing();
    EXPECT_EQ(link.read_all(), "");
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{500});
}

TEST(Proxy, ABodyThatStallsIs408AndTheUpstreamIsLetGo) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Content-Length: 1000\r\n", "begin"));
    Wire link = listener.accept();
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408"));
    EXPECT_TRUE(link.read_all().ends_with("begin"));
}

TEST(Proxy, ABodyBeyondItsLimitIs413AndTheUpstreamIsLetGo) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.settings.services[0].routes[0].body_bytes = 4;
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n"));
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("abc").ends_with("abc"));
    client.send("3\r\nabc\r\n");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 413"));
    EXPECT_EQ(link.read_all().find("0\r\n\r\n"), std::string::npos);
}

TEST(Proxy, AnUpstreamThatFailsWhileTheClientSendsIs502) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Content-Length: 1000000\r\n", "begin"));
    {
        Wire link = listener.accept();
        link.read_until("begin");
    }
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 502"));
}

TEST(Proxy, ASilentUpstreamIs504AlsoAfterALongBody) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n"));
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("1\r\na\r\n").ends_with("a\r\n"));
    client.send("0\r\n\r\n");
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 504"));
}

TEST(Proxy, EventsReachTheClientBeforeTheAnswerEnds) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, open_routes())};
    gateway.start();
    Wire client = gateway.connect();
    client.send(request("GET", "/open/events", ""));
    Wire link = listener.accept();
    link.read_head();
    link.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    EXPECT_NE(client.read_head().find("text/event-stream"), std::string::npos);
    link.send("data: 1\n\n");
    EXPECT_EQ(client.read_until("\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
    link.close();
    EXPECT_EQ(client.read(5), "0\r\n\r\n");
}

}  // namespace
}  // namespace merlon::gateway
