// For tests of mutual TLS: certificates in files, and a server that answers with who is asking.
#pragma once

#include <filesystem>
#include <fstream>

#include "base/spawn.h"
#include "crypto/certificate_test_kit.h"
#include "http/client.h"
#include "http/server.h"
#include "http/test_kit.h"

namespace merlon::http::testing {

using crypto::testing::PemPair;

// A folder that goes with this.
class PemFolder final {
public:
    PemFolder() {
        std::string name = ::testing::TempDir() + "/merlon_pem_XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    ~PemFolder() { std::filesystem::remove_all(path_); }
    PemFolder(const PemFolder&) = delete;
    PemFolder& operator=(const PemFolder&) = delete;

    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return (path_ / name).string();
    }
    TlsSettings write(const std::string& name, const PemPair& pair) const {
        return {write(name + ".crt", pair.certificate), write(name + ".key", pair.key.reveal())};
    }

private:
    std::filesystem::path path_;
};

// Says who asks, and remembers.
class WhoHandler final : public Handler {
public:
    Task<> serve(Exchange& exchange) override {
        const FieldLines fields;
        last = exchange.peer().identity;
        co_return co_await exchange.send(200, fields, last ? last->id.text() : "nobody");
    }
    Response refuse(const Peer&, const Error&) override { return {}; }
    std::shared_ptr<const PeerIdentity> last;
};

struct WhoServer {
    ServerSettings settings;
    WhoHandler handler;
    LoopThread thread;
    std::unique_ptr<Server> server;
    std::uint16_t port = 0;

    explicit WhoServer(std::shared_ptr<const TlsServerContext> tls) {
        thread.run([&] {
            server = std::make_unique<Server>(thread.executor(), settings, handler,
                                              thread.deadlines(), std::move(tls), 10);
            auto acceptor = listen_on(thread.executor(), {"127.0.0.1", 0, {}});
            port = port_of(*acceptor);
            server->serve(*std::move(acceptor));
        });
    }
    ~WhoServer() {
        thread.stop();
        server.reset();
    }
};

inline Task<std::string> ask_who(std::shared_ptr<const UpstreamAddress> to, Deadlines* deadlines) {
    const auto connection =
        MERLON_CO_TRY(co_await ClientConnection::connect(to, *deadlines, std::chrono::seconds{5}));
    connection->stream().set_deadline(std::chrono::seconds{5});
    Gather request;
    request.add("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    MERLON_CO_TRY(co_await connection->stream().write(request));
    MERLON_CO_TRY(co_await connection->read_head(wire::Method::Get));
    co_return std::string(MERLON_CO_TRY(co_await connection->read_body()));
}

// What the server says, or the rule and the detail of why it says nothing.
inline std::string answer_to(std::uint16_t port, std::shared_ptr<const TlsClientContext> tls) {
    LoopThread thread;
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
