// The reverse proxy between a client and upstreams that the test plays by hand.
#include "gateway/proxy/proxy.h"

#include <poll.h>

#include "gateway/test_kit.h"

namespace merlon::gateway {
namespace {

using namespace testing;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

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

class Proxy : public ::testing::Test {
protected:
    void start(std::vector<std::string> urls) {
        gateway.settings.services = {service_of(std::move(urls), {route})};
        gateway.start();
    }
    // A client that sent this to a gateway in front of `listener`.
    Wire ask(std::string_view method, std::string_view fields, std::string_view body = {}) {
        start({listener.url()});
        Wire client = gateway.connect();
        client.send(request(method, "/open/x", fields, body));
        return client;
    }

    RouteSettings route = open_route("/open/**", {"GET", "POST", "PUT"});
    Listener listener;
    Gateway gateway;
};

TEST_F(Proxy, ADeadTargetCostsNoRequestWhileALiveOneExists) {
    start({dead_url(), listener.url(), dead_url()});
    std::jthread upstream([&] {
        for (int i = 0; i < 12; ++i) {
            Wire link = listener.accept();
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
                           listener.url().substr(7) + "\"} 1"),
              std::string::npos);
}

TEST_F(Proxy, AllTargetsDeadIs503) {
    start({dead_url(), dead_url()});
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(gateway.get("/open/x").starts_with("HTTP/1.1 503")) << i;
    }
}

struct Repeat {
    std::string_view method;
    bool is_repeated;
};

class KeptConnection : public Proxy, public ::testing::WithParamInterface<Repeat> {};

TEST_P(KeptConnection, ThatTheUpstreamCutsIsTriedAfreshOnlyForWhatMayBeDoneTwice) {
    const auto& [method, is_repeated] = GetParam();
    Wire client = ask("GET", "");
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
    EXPECT_TRUE(client.read_head().starts_with(is_repeated ? "HTTP/1.1 200" : "HTTP/1.1 502"));
}

INSTANTIATE_TEST_SUITE_P(Methods, KeptConnection,
                         ::testing::Values(Repeat{"GET", true}, Repeat{"PUT", true},
                                           Repeat{"POST", false}));

TEST_F(Proxy, AnEarlyAnswerReachesAClientThatPausesItsBody) {
    Wire client = ask("PUT", "Content-Length: 1000000\r\n", "begin");
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("begin").ends_with("begin"));
    link.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    const std::string head = client.read_head();
    EXPECT_TRUE(head.starts_with("HTTP/1.1 403")) << head;
    EXPECT_NE(head.find("Connection: close"), std::string::npos);
    EXPECT_EQ(client.read_all(), "no");
    EXPECT_EQ(link.read_all(), "");  // cut: a part of a request is never reused as a whole
}

// Answers whoever connects, on the gateway's own loop: before it can have written to them.
void answer_early(asio::io_context::executor_type executor, Listener& listener,
                  std::optional<Wire>& link) {
    pollfd waiting{listener.native(), POLLIN, 0};
    if (::poll(&waiting, 1, 0) == 1) {
        link = listener.accept();
        link->send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        return;
    }
    asio::post(executor, [=, &listener, &link] { answer_early(executor, listener, link); });
}

TEST_F(Proxy, AnAnswerBeforeTheRequestEndsTheExchangeAtOnce) {
    start({listener.url()});
    std::optional<Wire> link;
    gateway.thread.run([&] { answer_early(gateway.thread.executor(), listener, link); });
    Wire client = gateway.connect();
    client.send(request("PUT", "/open/x", "Content-Length: 1000000\r\n"));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(client.read_all().ends_with("no"));  // not at the end of the body's patience, 1 s
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{700});
}

TEST_F(Proxy, BodyAndAnswerStreamAtTheSameTime) {
    Wire client = ask("POST", "Transfer-Encoding: chunked\r\n");
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

TEST_F(Proxy, AHalfClosedClientInsideABodyEndsBothSidesBeforeAnyTimeout) {
    Wire client = ask("PUT", "Content-Length: 1000\r\n", "begin");
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("begin").ends_with("begin"));
    client.finish_writing();
    EXPECT_EQ(link.read_all(), "");
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;  // a timeout were 408
}

TEST_F(Proxy, ABodyThatStallsIs408AndTheUpstreamIsLetGo) {
    Wire client = ask("PUT", "Content-Length: 1000\r\n", "begin");
    Wire link = listener.accept();
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408"));
    EXPECT_TRUE(link.read_all().ends_with("begin"));
}

TEST_F(Proxy, ABodyBeyondItsLimitIs413AndTheUpstreamIsLetGo) {
    route.body_bytes = 4;
    Wire client = ask("PUT", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n");
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("abc").ends_with("abc"));
    client.send("3\r\nabc\r\n");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 413"));
    EXPECT_EQ(link.read_all().find("0\r\n\r\n"), std::string::npos);
}

TEST_F(Proxy, AnUpstreamThatFailsWhileTheClientSendsIs502) {
    Wire client = ask("PUT", "Content-Length: 1000000\r\n", "begin");
    {
        Wire link = listener.accept();
        link.read_until("begin");
    }
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 502"));
}

TEST_F(Proxy, ASilentUpstreamIs504AlsoAfterALongBody) {
    Wire client = ask("PUT", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n");
    Wire link = listener.accept();
    EXPECT_TRUE(link.read_until("1\r\na\r\n").ends_with("a\r\n"));
    client.send("0\r\n\r\n");
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 504"));
}

TEST_F(Proxy, EventsReachTheClientBeforeTheAnswerEnds) {
    Wire client = ask("GET", "");
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
