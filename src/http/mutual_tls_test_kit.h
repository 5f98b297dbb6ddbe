// For tests of mutual TLS: a server that responds with the SPIFFE ID of its client.
#pragma once

#include "base/spawn.h"
#include "http/client.h"
#include "http/server.h"
#include "net/test_kit.h"
#include "net/tls_test_kit.h"

namespace merlon::http::testing {

// Says who asks, and remembers.
class WhoHandler final : public Handler {
public:
    Task<> serve(Exchange& exchange) override {
        const FieldLines fields;
        last = exchange.peer().identity;
        co_return co_await exchange.send(200, fields, last ? last->id.text() : "nobody");
    }
    Response refuse(const Peer&, const wire::RequestHead*, const Error&) override { return {}; }
    std::shared_ptr<const net::PeerIdentity> last;
};

struct WhoServer {
    SystemClock clock;
    ServerSettings settings;
    WhoHandler handler;
    net::testing::LoopThread thread;
    std::unique_ptr<Server> server;
    std::uint16_t port = 0;

    explicit WhoServer(std::shared_ptr<const net::TlsServerContext> tls) {
        thread.run([&] {
            server = std::make_unique<Server>(thread.executor(), clock, settings, handler,
                                              thread.deadlines(), std::move(tls),
                                              ConnectionTable::Limits{10, 10});
            auto acceptor = net::listen_on(thread.executor(), {"127.0.0.1", 0, {}});
            port = net::port_of(*acceptor);
            server->serve(*std::move(acceptor));
        });
    }
    ~WhoServer() {
        thread.stop();
        server.reset();
    }
};

inline Task<std::string> ask_who(std::shared_ptr<const UpstreamAddress> to,
                                 net::Deadlines* deadlines) {
    const auto connection =
        MERLON_CO_TRY(co_await ClientConnection::connect(to, *deadlines, std::chrono::seconds{5}));
    connection->stream().set_deadline(std::chrono::seconds{5});
    net::Gather request;
    request.add("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    MERLON_CO_TRY(co_await connection->stream().write(request));
    MERLON_CO_TRY(co_await connection->read_head(wire::Method::Get));
    co_return std::string(MERLON_CO_TRY(co_await connection->read_body()));
}

// What the server says, or the rule and the detail of why it says nothing.
inline std::string answer_to(std::uint16_t port, std::shared_ptr<const net::TlsClientContext> tls) {
    net::testing::LoopThread thread;
    auto to = std::make_shared<UpstreamAddress>();
    to->host = to->authority = "127.0.0.1";
    to->port = port;
    to->tls = std::move(tls);
    std::promise<Result<std::string>> promise;
    spawn(thread.executor(), ask_who(to, &thread.deadlines()),
          [&](Result<std::string> got) { promise.set_value(std::move(got)); });
    const auto got = promise.get_future().get();
    return got ? *got : std::string(got.error().rule) + ": " + got.error().detail;
}

}  // namespace merlon::http::testing
