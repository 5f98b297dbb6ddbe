// The client's side of HTTP/1.1, and TLS on both sides, against peers the test plays.
#include "http/client.h"

#include <openssl/err.h>

#include "base/spawn.h"
#include "http/server.h"
#include "net/test_kit.h"

namespace merlon::http {
namespace {

using net::testing::Listener;
using net::testing::LoopThread;
using net::testing::Wire;

std::shared_ptr<UpstreamAddress> address_of(const Listener& listener) {
    auto address = std::make_shared<UpstreamAddress>();
    address->host = "127.0.0.1";
    address->port = listener.port();
    address->authority = "127.0.0.1:" + std::to_string(listener.port());
    return address;
}

Task<std::string> fetch(std::shared_ptr<UpstreamAddress> to, net::Deadlines* deadlines,
                        wire::Method method, bool* is_reusable) {
    const auto connection = MERLON_CO_TRY(
        co_await ClientConnection::connect(to, *deadlines, std::chrono::milliseconds{500}));
    connection->stream().set_deadline(std::chrono::milliseconds{500});
    net::Gather request;
    request.add("GET / HTTP/1.1\r\n\r\n");
    MERLON_CO_TRY(co_await connection->stream().write(request));
    const wire::ResponseHead* head = MERLON_CO_TRY(co_await connection->read_head(method));
    std::string text = std::to_string(head->status) + " ";
    while (true) {
        const auto piece = MERLON_CO_TRY(co_await connection->read_body());
        if (piece.empty()) break;
        text += piece;
    }
    *is_reusable = connection->is_reusable();
    co_return text;
}

// Runs on a loop of its own thread and waits.
template <class T>
Result<T> wait_for(LoopThread& thread, Task<T> task) {
    std::promise<Result<T>> promise;
    spawn(thread.executor(), std::move(task), [&](Result<T> result) { promise.set_value(result); });
    return promise.get_future().get();
}

TEST(Client, TellsAnswersFromGarbage) {
    std::string interim;
    for (int i = 0; i < 9; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
    struct Case {
        std::string answer, outcome;
        bool is_reusable = false;
        wire::Method method = wire::Method::Get;
    };
    const Case cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello", true},
        {"HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 x", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloextra", "200 hello", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
         "200 hello", true},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "200 x", false},
        {"HTTP/1.1 200 OK\r\n\r\nuntil close", "200 until close", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "200 ", true, wire::Method::Head},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf", "stream.end"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
         "upstream.framing"},
        {"SSH-2.0\r\n\r\n", "upstream.framing"},
        {"HTTP/1.1 200", "upstream.broken"},
        {interim, "upstream.framing"},
        {"", "upstream.closed"},
    };
    for (const auto& [answer, outcome, is_reusable, method] : cases) {
        LoopThread thread;
        Listener listener;
        std::jthread upstream([&] {
            Wire link = listener.accept();
            link.read_head();
            link.send(answer);
            link.finish_writing();
            link.read_all();
        });
        bool reusable = false;
        const auto got =
            wait_for(thread, fetch(address_of(listener), &thread.deadlines(), method, &reusable));
        EXPECT_EQ(got ? *got : std::string(got.error().rule), outcome) << answer;
        EXPECT_EQ(reusable, is_reusable) << answer;
    }
}

TEST(Client, SaysWhetherAnythingCanHaveBeenSent) {
    LoopThread thread;
    bool reusable = false;
    const auto rule_of = [&](std::shared_ptr<UpstreamAddress> address) {
        const auto got = wait_for(
            thread, fetch(std::move(address), &thread.deadlines(), wire::Method::Get, &reusable));
        return got ? std::string_view("ok") : got.error().rule;
    };
    Listener silent;
    EXPECT_EQ(rule_of(address_of(silent)), "upstream.timeout");
    auto gone = address_of(Listener());
    EXPECT_EQ(rule_of(gone), "upstream.unavailable");
    gone->host = "no-such-host.invalid";
    EXPECT_EQ(rule_of(gone), "upstream.unavailable");
    gone->unix_path = "/nonexistent/x.sock";
    EXPECT_EQ(rule_of(gone), "upstream.unavailable");
}

// A key and a self-signed certificate for localhost, made by OpenSSL's own command.
struct TlsFiles {
    net::TlsSettings settings;
    TlsFiles() {
        const std::string at = ::testing::TempDir() + "/merlon_tls_" + std::to_string(::getpid()) +
                               "_" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
        settings = {at + ".crt", at + ".key"};
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
            "-subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:*.example,IP:127.0.0.1 "
            "-keyout " +
            settings.key_path + " -out " + settings.certificate_path + " 2>/dev/null";
        EXPECT_EQ(std::system(command.c_str()), 0);
    }
    ~TlsFiles() {
        ::unlink(settings.certificate_path.c_str());
        ::unlink(settings.key_path.c_str());
    }
};

// Sends back what it reads, piece by piece, while it reads.
class EchoHandler final : public Handler {
public:
    Task<> serve(Exchange& exchange) override {
        const FieldLines fields;
        if (exchange.admitted().body.kind == wire::BodyKind::None) {
            co_return co_await exchange.send(200, fields, "plain");
        }
        MERLON_CO_TRY(co_await exchange.begin(200, fields, {wire::BodyKind::UntilClose, 0}));
        while (true) {
            const auto piece = MERLON_CO_TRY(co_await exchange.read_body());
            if (piece.empty()) break;
            MERLON_CO_TRY(co_await exchange.write(piece));
        }
        co_return co_await exchange.finish();
    }
    Response refuse(const Peer&, const wire::RequestHead*, const Error&) override { return {}; }
};

struct TlsServer {
    SystemClock clock;
    TlsFiles files;
    ServerSettings settings;
    EchoHandler echo;
    LoopThread thread;
    std::unique_ptr<Server> server;
    std::shared_ptr<UpstreamAddress> address = std::make_shared<UpstreamAddress>();

    TlsServer() {
        settings.limits.body_bytes = 64 << 20;
        auto context = net::TlsServerContext::make({files.settings});
        EXPECT_TRUE(context);
        const std::shared_ptr<const net::TlsServerContext> shared(*std::move(context));
        thread.run([&] {
            server = std::make_unique<Server>(thread.executor(), clock, settings, echo,
                                              thread.deadlines(), shared,
                                              ConnectionTable::Limits{10, 10});
            auto acceptor = net::listen_on(thread.executor(), {"127.0.0.1", 0, {}});
            address->port = net::port_of(*acceptor);
            server->serve(*std::move(acceptor));
        });
        address->host = address->authority = "127.0.0.1";
        address->tls = *net::TlsClientContext::make({files.settings.certificate_path, {}, {}});
    }
    ~TlsServer() {
        thread.stop();
        server.reset();
    }
};

TEST(Tls, ServerAndClientAgreeAndAStrangersCertificateIsRefused) {
    TlsServer server;
    LoopThread thread;
    bool reusable = false;
    auto hosted = std::make_shared<UpstreamAddress>(*server.address);
    for (const char* host : {"127.0.0.1", "localhost"}) {
        hosted->host = host;
        // HTTP/1.1 without Host is refused, by an answer that is empty here: TLS itself worked.
        const auto got =
            wait_for(thread, fetch(hosted, &thread.deadlines(), wire::Method::Get, &reusable));
        EXPECT_TRUE(got) << host << got.error().rule;
    }
    TlsFiles others;
    hosted->tls = *net::TlsClientContext::make({others.settings.certificate_path, {}, {}});
    EXPECT_TRUE(hosted->tls);
    hosted->tls = *net::TlsClientContext::make({});  // the system's authorities do not know it
    EXPECT_EQ(wait_for(thread, fetch(hosted, &thread.deadlines(), wire::Method::Get, &reusable))
                  .error()
                  .rule,
              "upstream.unavailable");
}

// What a client gets of an answer without a length, from a server that ends with or without the
// alert that says so.
TEST(Tls, AnAnswerUntilTheEndIsWholeOnlyIfTheEndWasSigned) {
    enum class Ending : std::uint8_t { Signed, Cut };
    TlsFiles files;
    for (const auto& [ending, outcome] :
         {std::pair(Ending::Signed, "200 until close"), std::pair(Ending::Cut, "stream.reset")}) {
        LoopThread thread;
        Listener listener;
        const bool is_signed = ending == Ending::Signed;
        std::jthread upstream([&, is_signed] {
            const net::SslContext context(SSL_CTX_new(TLS_server_method()));
            SSL_CTX_use_certificate_chain_file(context.get(),
                                               files.settings.certificate_path.c_str());
            SSL_CTX_use_PrivateKey_file(context.get(), files.settings.key_path.c_str(),
                                        SSL_FILETYPE_PEM);
            const Wire link = listener.accept();
            const std::unique_ptr<SSL, net::SslDeleter> ssl(SSL_new(context.get()));
            SSL_set_fd(ssl.get(), link.native());
            EXPECT_EQ(SSL_accept(ssl.get()), 1);
            char request[1'000];
            EXPECT_GT(SSL_read(ssl.get(), request, sizeof request), 0);
            constexpr std::string_view answer = "HTTP/1.1 200 OK\r\n\r\nuntil close";
            SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
            if (is_signed) SSL_shutdown(ssl.get());
        });
        auto address = address_of(listener);
        address->tls = *net::TlsClientContext::make({files.settings.certificate_path, {}, {}});
        bool is_reusable = false;
        const auto got =
            wait_for(thread, fetch(address, &thread.deadlines(), wire::Method::Get, &is_reusable));
        EXPECT_EQ(got ? *got : std::string(got.error().rule), outcome);
        EXPECT_FALSE(is_reusable);
    }
}

// Writes a long chunked body.
Task<> send_long(ClientConnection* connection, std::size_t pieces, const std::string* piece) {
    for (std::size_t i = 0; i < pieces; ++i) {
        std::string size_line;
        wire::append_chunk_size(size_line, piece->size());
        net::Gather next;
        next.add(size_line);
        next.add(*piece);
        next.add("\r\n");
        MERLON_CO_TRY(co_await connection->stream().write(next));
    }
    net::Gather last;
    last.add(wire::last_chunk);
    co_return co_await connection->stream().write(last);
}

Task<std::size_t> exchange_long(std::shared_ptr<UpstreamAddress> to, net::Deadlines* deadlines,
                                std::size_t pieces, const std::string* piece) {
    const auto connection =
        MERLON_CO_TRY(co_await ClientConnection::connect(to, *deadlines, std::chrono::seconds{5}));
    connection->stream().set_deadline(std::chrono::seconds{20});
    net::Gather head;
    head.add("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    MERLON_CO_TRY(co_await connection->stream().write(head));
    bool is_sent = false;
    spawn(co_await current_executor(), send_long(connection.get(), pieces, piece),
          [&](Result<> sent) { is_sent = sent.has_value(); });
    MERLON_CO_TRY(co_await connection->read_head(wire::Method::Post));
    std::size_t bytes = 0;
    while (true) {
        const auto got = MERLON_CO_TRY(co_await connection->read_body());
        if (got.empty()) break;
        if (got.find_first_not_of('x') != std::string_view::npos)
            co_return fail(Kind::Corrupt, "x");
        bytes += got.size();
    }
    MERLON_ASSERT(is_sent);
    co_return bytes;
}

TEST(Tls, BothDirectionsRunAtTheSameTime) {
    TlsServer server;
    LoopThread thread;
    const std::string piece(100'000, 'x');
    const auto got =
        wait_for(thread, exchange_long(server.address, &thread.deadlines(), 200, &piece));
    ASSERT_TRUE(got) << got.error().rule << got.error().detail;
    EXPECT_EQ(*got, 200 * piece.size());
}

// Moves what one side has to send to the other.
void deliver(net::TlsSession& from, net::TlsSession& to) {
    std::string bytes = std::exchange(from.output(), {});
    while (!bytes.empty()) {
        const std::span<char> space = to.input_space();
        const std::size_t some = bytes.copy(space.data(), space.size());
        to.received(some);
        bytes.erase(0, some);
        EXPECT_TRUE(bytes.empty()) << "one flight fits into the first buffer";
    }
}

TEST(Tls, WhatOthersLeftInTheQueueOfErrorsIsNoSessionsFailure) {
    TlsFiles files;
    const auto server_context = net::TlsServerContext::make({files.settings});
    const auto client_context =
        net::TlsClientContext::make({files.settings.certificate_path, {}, {}});
    const auto server = (*server_context)->new_session();
    const auto client = (*client_context)->new_session("localhost");
    const auto leave_an_error = [] { ERR_raise(ERR_LIB_USER, 1); };
    net::TlsNeed at_client = net::TlsNeed::Input;
    for (int flight = 0; at_client != net::TlsNeed::Nothing && flight < 3; ++flight) {
        leave_an_error();
        at_client = client->handshake().need;
        EXPECT_NE(at_client, net::TlsNeed::Failed) << client->failure();
        deliver(*client, *server);
        leave_an_error();
        EXPECT_NE(server->handshake().need, net::TlsNeed::Failed) << server->failure();
        deliver(*server, *client);
    }
    ASSERT_EQ(at_client, net::TlsNeed::Nothing);
    std::array<char, 16> plain{};
    leave_an_error();
    EXPECT_EQ(server->read(plain).need, net::TlsNeed::Input);
    leave_an_error();
    EXPECT_EQ(client->write("hello").need, net::TlsNeed::Nothing);
    deliver(*client, *server);
    leave_an_error();
    EXPECT_EQ(server->read(plain).bytes, 5U);
    client->shut_down();
    deliver(*client, *server);
    leave_an_error();
    EXPECT_EQ(server->read(plain).need, net::TlsNeed::Ended);
    ERR_clear_error();
}

TEST(Tls, RefusesFilesThatDoNotFit) {
    TlsFiles files;
    const std::string key = files.settings.key_path;
    EXPECT_EQ(net::TlsServerContext::make({{"/nonexistent", key}}).error().rule, "tls.certificate");
    EXPECT_EQ(net::TlsServerContext::make({{files.settings.certificate_path, "/nonexistent"}})
                  .error()
                  .rule,
              "tls.key");
    EXPECT_EQ(net::TlsClientContext::make({"/nonexistent", {}, {}}).error().rule, "tls.ca");
}

}  // namespace
}  // namespace merlon::http
