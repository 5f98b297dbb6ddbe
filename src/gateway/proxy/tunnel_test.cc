// Tests WebSocket tunnels, and closing open streams when a session is revoked.
#include "gateway/proxy/tunnel.h"

#include "gateway/test_kit.h"

namespace merlon::gateway {
namespace {

using namespace testing;

constexpr std::string_view handshake =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
// Close frames of 1008 (RFC 6455): the client's copy, and the service's, which is masked.
const std::string policy_to_client =
    wire::close_frame(wire::WebSocketReader::Client, wire::CloseCode::PolicyViolation);
const std::string policy_to_service =
    wire::close_frame(wire::WebSocketReader::Server, wire::CloseCode::PolicyViolation);
constexpr std::string_view switched =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

class Tunnel : public ::testing::Test {
protected:
    void SetUp() override {
        RouteSettings live = open_route("/live", {"GET"});
        live.websocket = true;
        RouteSettings private_live = live;
        private_live.path = "/private";
        private_live.allow = Allow::Authenticated;
        RouteSettings files = private_live;
        files.path = "/files";
        files.timeout = std::chrono::seconds{10};
        gateway.settings.services = {service_of(
            {listener.url()}, {live, private_live, files, open_route("/open", {"GET"})})};
        gateway.start();
    }
    Wire ask(std::string_view target, std::string_view fields) {
        Wire client = gateway.connect();
        client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" +
                    std::string(fields) + "\r\n");
        return client;
    }
    std::string with_token(std::chrono::seconds life) {
        return std::string(handshake) + "Authorization: Bearer " + gateway.token(life) + "\r\n";
    }
    std::size_t open_streams() {
        return gateway.thread.run([&] { return gateway.path->open_streams().size(); });
    }

    Listener listener;
    Gateway gateway;
};

TEST_F(Tunnel, CarriesBytesBothWaysWithThoseThatCameEarly) {
    Wire client = ask("/live", handshake);
    client.send("early");
    Wire link = listener.accept();
    const std::string head = link.read_head();
    EXPECT_NE(head.find("Upgrade: websocket"), std::string::npos);
    EXPECT_NE(head.find("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), std::string::npos);
    link.send(std::string(switched) + "hello");
    const std::string answer = client.read_head();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101"));
    EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    EXPECT_EQ(client.read(5), "hello");
    EXPECT_EQ(link.read(5), "early");

    // More than all buffers on the way hold, both ways at once.
    const std::string data(8 << 20, 'd');
    std::jthread up([&] { client.send(data); });
    std::jthread down([&] { link.send(data); });
    std::jthread reader([&] { EXPECT_EQ(link.read(data.size()), data); });
    EXPECT_EQ(client.read(data.size()), data);
}

TEST_F(Tunnel, AHalfClosedSideHearsTheOtherOut) {
    Wire client = ask("/live", handshake);
    Wire link = listener.accept();
    link.read_head();
    link.send(switched);
    client.read_head();
    client.send("last words");
    client.finish_writing();
    EXPECT_EQ(link.read_all(), "last words");
    link.send("answer");
    EXPECT_EQ(client.read(6), "answer");
    link.close();
    EXPECT_EQ(client.read_all(), "");
}

TEST_F(Tunnel, SilenceEndsIt) {
    Wire client = ask("/live", handshake);
    Wire link = listener.accept();
    link.send(switched);
    client.read_head();
    EXPECT_TRUE(client.is_silent());
    EXPECT_EQ(client.read_all(), "");
}

TEST_F(Tunnel, NobodySwitchesWithoutBeingAsked) {
    struct Case {
        std::string_view target, fields, answer;
    };
    const Case cases[] = {
        {"/open", handshake, switched},  // the route does not allow it
        {"/live", "", switched},         // the client did not ask
        {"/live", handshake, "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"},
        {"/live", handshake, "HTTP/1.1 101 X\r\n\r\n"},
    };
    for (const auto& [target, fields, answer] : cases) {
        Wire client = ask(target, fields);
        Wire link = listener.accept();
        link.read_head();
        link.send(answer);
        EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 502")) << target << answer;
    }
}

TEST_F(Tunnel, ARefusedUpgradeIsAnOrdinaryAnswer) {
    Wire client = ask("/live", handshake);
    Wire link = listener.accept();
    link.read_head();
    link.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 403"));
    EXPECT_EQ(client.read(2), "no");
}

TEST_F(Tunnel, RevocationCutsIt) {
    Wire client = ask("/private", with_token(std::chrono::seconds{900}));
    Wire link = listener.accept();
    link.read_head();
    link.send(switched);
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101"));
    EXPECT_EQ(open_streams(), 1U);
    const auto close_session = [&](std::string_view id) {
        gateway.thread.run([&] {
            gateway.path->open_streams().close_revoked(
                [&](const tokens::AccessToken& token) { return token.session_id == id; });
        });
    };
    close_session("s-2");
    EXPECT_TRUE(client.is_silent());
    close_session("s-1");
    EXPECT_EQ(client.read_all(), policy_to_client);
    EXPECT_EQ(link.read_all(), policy_to_service);
    for (int i = 0; i < 100 && open_streams() > 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    EXPECT_EQ(open_streams(), 0U);
}

TEST_F(Tunnel, AClockThatIsPutBackMakesItNoLonger) {
    Wire client = ask("/private", with_token(std::chrono::seconds{60}));
    Wire link = listener.accept();
    link.read_head();
    link.send(switched);
    EXPECT_TRUE(client.read_head().starts_with("HTTP/1.1 101"));
    gateway.thread.run([&] { gateway.clock.jump_wall(-std::chrono::hours{1}); });
    EXPECT_EQ(client.read_all(), policy_to_client);
    EXPECT_EQ(link.read_all(), policy_to_service);
}

TEST_F(Tunnel, ItsTokensExpiryCutsItButNoRequestThatWasInTime) {
    const std::string fields = with_token(std::chrono::seconds{60});
    Wire tunnel_client = ask("/private", fields);
    Wire link = listener.accept();
    link.read_head();
    link.send(switched);
    EXPECT_TRUE(tunnel_client.read_head().starts_with("HTTP/1.1 101"));
    Wire download = ask("/files", fields.substr(handshake.size()));
    Wire download_link = listener.accept();
    download_link.read_head();
    download_link.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin");
    EXPECT_TRUE(download.read_until("begin").ends_with("begin"));
    Wire plain = ask("/files", fields.substr(handshake.size()));
    Wire plain_link = listener.accept();
    plain_link.read_head();

    gateway.thread.run([&] { gateway.clock.advance(std::chrono::seconds{61}); });
    EXPECT_EQ(tunnel_client.read_all(), policy_to_client);
    EXPECT_EQ(link.read_all(), policy_to_service);
    EXPECT_EQ(download.read_all(), "");
    plain_link.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_TRUE(plain.read_head().starts_with("HTTP/1.1 200"));
}

}  // namespace
}  // namespace merlon::gateway
