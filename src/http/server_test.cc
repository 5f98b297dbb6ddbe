// The server's side of HTTP/1.1: framing, keeping and closing connections, deadlines, draining.
#include "http/server.h"

#include "http/problem.h"
#include "net/test_kit.h"

namespace merlon::http {
namespace {

using net::testing::LoopThread;
using net::testing::Wire;

// What it is asked to do stands in the path.
class Echo final : public Handler {
public:
    Task<> serve(Exchange& exchange) override {
        const std::string_view path = exchange.head().target;
        FieldLines fields;
        ++served;
        if (path == "/other") served_before_other = served;
        if (path == "/ignore") co_return co_await exchange.send(200, fields, "ignored");
        if (path == "/nothing") co_return Result<>{};
        if (path == "/limit") exchange.limit_body(3);
        if (path == "/invite") MERLON_CO_TRY(co_await exchange.send_continue());
        if (path == "/switch") {
            std::string early;
            fields.add("Upgrade", "test");
            MERLON_CO_TRY(co_await exchange.switch_protocols(fields, early));
            net::Gather gather;
            gather.add(early);
            co_return co_await exchange.stream().write(gather);
        }
        std::string body;
        while (true) {
            const auto piece = co_await exchange.read_body();
            if (!piece) co_return co_await exchange.send(400, fields, piece.error().rule);
            if (piece->empty()) break;
            body += *piece;
        }
        if (path == "/stream") {
            MERLON_CO_TRY(co_await exchange.begin(200, fields, {wire::BodyKind::UntilClose, 0}));
            for (const char c : body) MERLON_CO_TRY(co_await exchange.write({&c, 1}));
            co_return co_await exchange.finish();
        }
        const int status = path == "/204" ? 204 : 200;
        co_return co_await exchange.send(status, fields, body);
    }
    Response refuse(const Peer&, const wire::RequestHead*, const Error& error) override {
        const Problem problem = problem_of(error);
        return {problem.status, {}, std::string(error.rule)};
    }

    // Of the loop.
    int served = 0;
    int served_before_other = 0;
};

class ServerTest : public ::testing::Test {
protected:
    ServerTest() {
        settings.timeouts.header = std::chrono::milliseconds{500};
        settings.timeouts.body = std::chrono::milliseconds{500};
        settings.timeouts.idle = std::chrono::milliseconds{1'000};
        settings.limits.body_bytes = 1 << 20;
    }
    ~ServerTest() override {
        thread.stop();
        server.reset();
    }
    void start(net::ListenAddress endpoint = {"127.0.0.1", 0, {}}) {
        thread.run([&] {
            server = std::make_unique<Server>(thread.executor(), clock, settings, echo,
                                              thread.deadlines(), nullptr,
                                              ConnectionTable::Limits{100, 100});
            auto acceptor = net::listen_on(thread.executor(), endpoint);
            ASSERT_TRUE(acceptor) << acceptor.error().detail;
            port = net::port_of(*acceptor);
            server->serve(*std::move(acceptor));
        });
    }
    Wire connect() const { return Wire::connect(port); }
    // Everything that comes back for these bytes, when nothing follows them.
    std::string say(std::string_view bytes) {
        Wire client = connect();
        client.send(bytes);
        client.finish_writing();
        return client.read_all();
    }

    Echo echo;
    SystemClock clock;
    ServerSettings settings;
    LoopThread thread;
    std::unique_ptr<Server> server;
    std::uint16_t port = 0;
};

std::string post(std::string_view path, std::string_view fields, std::string_view body) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n" +
           std::string(body);
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++found;
    return found;
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderWhateverTheirFraming) {
    start();
    const std::string answers =
        say(post("/a", "Content-Length: 5\r\n", "first") +
            post("/b", "Transfer-Encoding: chunked\r\n", "3\r\nsec\r\n3;x=y\r\nond\r\n0\r\n\r\n") +
            "GET /c HTTP/1.1\r\nHost: x\r\n\r\n" + post("/stream", "Content-Length: 2\r\n", "ab") +
            post("/204", "Content-Length: 1\r\n", "x") + "HEAD /d HTTP/1.1\r\nHost: x\r\n\r\n" +
            post("/ignore", "Content-Length: 6\r\n", "unread") +
            post("/e", "Content-Length: 4\r\n", "last"));
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK\r\n"), 7U) << answers;
    EXPECT_EQ(count(answers, "HTTP/1.1 204 No Content\r\n"), 1U);
    EXPECT_LT(answers.find("first"), answers.find("second"));
    EXPECT_NE(answers.find("Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
              std::string::npos);
    EXPECT_TRUE(answers.ends_with("last"));
    EXPECT_EQ(count(answers, "Connection: close"), 0U);
}

TEST_F(ServerTest, SpeaksHttp10) {
    start();
    EXPECT_NE(say("GET /a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
                  .find("Connection: keep-alive\r\n"),
              std::string::npos);
    const std::string streamed =
        say("POST /stream HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n"
            "Content-Length: 2\r\n\r\nab");
    EXPECT_NE(streamed.find("Connection: close\r\n\r\nab"), std::string::npos) << streamed;
}

TEST_F(ServerTest, ABrokenHeadIsRefusedAndNothingBehindItIsRead) {
    start();
    struct Case {
        std::string head;
        std::string_view rule;
    };
    const Case cases[] = {
        {"GET / HTTP/1.1\r\nX: y\r\n\r\n", "host.missing"},
        {"GET / HTTP/1.1\nHost: x\n\n", "head.line_end"},
        {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "head.method"},
        {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n",
         "head.too_large"},
        {post("/", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), "framing.transfer_encoding"},
    };
    for (const auto& [head, rule] : cases) {
        const std::string answer = say(head + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(count(answer, "HTTP/1.1 "), 1U) << answer;
        EXPECT_TRUE(answer.ends_with(rule)) << head.substr(0, 80) << answer;
        EXPECT_EQ(count(answer, "Connection: close\r\n"), 1U);
    }
}

TEST_F(ServerTest, ABodyThatBreaksARuleCostsTheConnection) {
    start();
    struct Case {
        std::string request;
        std::string_view rule;
    };
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const Case cases[] = {
        {post("/a", chunked, "x\r\n"), "framing.chunk"},
        {post("/a", chunked, "0\r\nX: y\r\n\r\n"), "framing.trailers"},
        {post("/limit", chunked, "4\r\nabcd\r\n0\r\n\r\n"), "body.too_large"},
        {post("/limit", "Content-Length: 4\r\n", "abcd"), "body.too_large"},
        {post("/a", "Content-Length: 2000000\r\n", ""), "body.too_large"},
        {post("/a", "Content-Length: 9\r\n", "half"), "stream.end"},
    };
    for (const auto& [request, rule] : cases) {
        const std::string answer = say(request);
        EXPECT_TRUE(answer.ends_with(rule)) << answer << rule;
        EXPECT_EQ(count(answer, "HTTP/1.1 "), 1U) << answer;
    }
}

TEST_F(ServerTest, InvitesABodyOnceAndOnlyIfItIsWanted) {
    start();
    for (const std::string_view path : {"/a", "/invite"}) {
        Wire client = connect();
        client.send(post(path, "Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
        EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("ab");
        EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 200"));
        EXPECT_EQ(client.read(2), "ab");
    }
    Wire unwanted = connect();
    unwanted.send(post("/ignore", "Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
    EXPECT_NE(unwanted.read_head().find("Connection: close"), std::string::npos);
    Wire at_hand = connect();  // it came without being asked for
    at_hand.send(post("/a", "Expect: 100-continue\r\nContent-Length: 2\r\n", "ab"));
    EXPECT_TRUE(at_hand.read_head().starts_with("HTTP/1.1 200"));
}

TEST_F(ServerTest, EachWaitHasItsDeadline) {
    start();
    Wire slow_head = connect();
    slow_head.send("GET / HT");
    Wire slow_body = connect();
    slow_body.send(post("/a", "Content-Length: 9\r\n", "half"));
    Wire idle = connect();
    Wire between = connect();
    between.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(between.read_head().starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(slow_head.read_all().starts_with("HTTP/1.1 408"));
    EXPECT_TRUE(slow_body.read_all().ends_with("stream.timeout"));
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_EQ(between.read_all(), "");
}

TEST_F(ServerTest, ARequestWithoutAnAnswerLosesItsConnection) {
    start();
    EXPECT_EQ(say("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"), "");
}

TEST_F(ServerTest, SwitchingGivesTheConnectionAwayWithWhatCameEarly) {
    start();
    EXPECT_TRUE(say("GET /switch HTTP/1.1\r\nHost: x\r\n\r\nearly bytes")
                    .ends_with("Upgrade: test\r\n\r\nearly bytes"));
}

TEST_F(ServerTest, AFloodOfPipelinedRequestsLeavesOthersTheirTurn) {
    start();
    Wire flood = connect();
    Wire other = connect();
    EXPECT_TRUE(flood.is_silent() && other.is_silent());  // both are served
    std::string requests;
    for (int i = 0; i < 3'000; ++i) requests += "GET /ignore HTTP/1.1\r\nHost: x\r\n\r\n";
    std::promise<void> go;
    asio::post(thread.executor(), [&] { go.get_future().wait(); });  // both come at one turn
    flood.send(requests);
    flood.finish_writing();
    other.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    go.set_value();
    EXPECT_TRUE(other.read_head().starts_with("HTTP/1.1 200"));
    EXPECT_EQ(count(flood.read_all(), "HTTP/1.1 200"), 3'000U);
    EXPECT_LT(thread.run([&] { return echo.served_before_other; }), 100);
}

TEST_F(ServerTest, DrainingAnswersWhoIsThereAndClosesQuietConnections) {
    start();
    Wire quiet = connect();
    quiet.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(quiet.read_head().find("200"), std::string::npos);
    Wire busy = connect();
    busy.send(post("/a", "Content-Length: 2\r\n", "a"));
    EXPECT_TRUE(busy.is_silent());
    std::promise<void> drained;
    thread.run([&] { server->drain([&] { drained.set_value(); }); });
    busy.send("b");
    EXPECT_NE(busy.read_head().find("Connection: close"), std::string::npos);
    EXPECT_EQ(quiet.read_all(), "");
    busy.close();
    EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds{10}), std::future_status::ready);
    EXPECT_EQ(server->connection_count(), 0U);
}

TEST_F(ServerTest, DrainingCutsWhatIsLeftInTheEnd) {
    settings.timeouts.drain = std::chrono::milliseconds{500};
    settings.timeouts.body = std::chrono::seconds{30};
    start();
    Wire stuck = connect();
    stuck.send(post("/a", "Content-Length: 2\r\n", "a"));
    EXPECT_TRUE(stuck.is_silent());
    std::promise<void> drained;
    thread.run([&] { server->drain([&] { drained.set_value(); }); });
    EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds{10}), std::future_status::ready);
}

TEST(Listen, RefusesWhatItCannotListenOn) {
    asio::io_context loop;
    const auto executor = loop.get_executor();
    EXPECT_EQ(net::listen_on(executor, {"localhost", 0, {}}).error().rule, "listen.address");
    EXPECT_EQ(net::listen_on(executor, {{}, 0, std::string(108, 'x')}).error().rule,
              "listen.address");
    EXPECT_EQ(net::listen_on(executor, {{}, 0, "/nonexistent/x.sock"}).error().rule,
              "listen.failed");
    const auto taken = net::listen_on(executor, {"127.0.0.1", 0, {}});
    ASSERT_TRUE(taken);
    EXPECT_EQ(net::require_free(executor, {"127.0.0.1", net::port_of(*taken), {}}).error().rule,
              "listen.failed");

    const std::string path = ::testing::TempDir() + "/merlon_listen_" + std::to_string(::getpid());
    {
        const auto first = net::listen_on(executor, {{}, 0, path});
        ASSERT_TRUE(first);
        EXPECT_EQ(net::port_of(*first), 0);
        EXPECT_EQ(net::listen_on(executor, {{}, 0, path}).error().rule, "listen.failed");
        EXPECT_TRUE(net::require_free(executor, {{}, 0, path}));
    }
    EXPECT_TRUE(net::listen_on(executor, {{}, 0, path}));  // the file was left from a dead process
    ::unlink(path.c_str());
}

}  // namespace
}  // namespace merlon::http
