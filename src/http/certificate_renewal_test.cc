// Renewing the certificates of a running server.
#include "http/mutual_tls_test_kit.h"
#include "net/file_watch.h"

namespace merlon::http {
namespace {

// With real files, contexts and connections: a renewed certificate is shown to whoever comes, a
// pair that does not fit to nobody, and who was there before stays.
TEST(CertificateRenewal, ReachesNewConnectionsOfARunningServer) {
    using namespace testing;
    using namespace net::testing;
    const WallTime now = SystemClock().wall();
    SystemEntropy entropy;
    const auto ca = crypto::CertificateAuthority::make("cluster.local", now, entropy).value();
    const PemFolder files;
    const auto pair_named = [&](const std::string& name) {
        crypto::CertificateForm form = crypto::testing::leaf_form(now);
        form.uris = {"spiffe://cluster.local/ns/shop/sa/" + name};
        return crypto::testing::sign_anything(ca, form);
    };
    const std::string ca_path = files.write("ca.crt", ca.certificate().pem());
    const net::TlsSettings settings = files.write("server", pair_named("first"));
    const auto load = [&] { return net::TlsServerContext::make({settings}); };
    const net::DiskFileStamps disk;
    WhoServer* running = nullptr;
    net::FileWatch watch(
        {settings.certificate_path, settings.key_path}, disk,
        [&]() -> Result<> {
            std::shared_ptr<const net::TlsServerContext> fresh = MERLON_TRY(load());
            running->thread.run([&] { running->server->replace_tls(fresh); });
            return {};
        },
        [](const std::string&) {});
    WhoServer server(*load());
    running = &server;
    const auto is_shown = [&](const std::string& name) {
        const auto id = crypto::SpiffeId::parse("spiffe://cluster.local/ns/shop/sa/" + name);
        return answer_to(server.port, *net::TlsClientContext::make({ca_path, {}, {}, {*id}})) ==
               "nobody";
    };
    const auto ticks = [&] {
        watch.tick();
        watch.tick();
    };
    EXPECT_TRUE(is_shown("first"));
    const net::SslContext raw(SSL_CTX_new(TLS_client_method()));
    const Wire wire = Wire::connect(server.port);
    const std::unique_ptr<SSL, net::SslDeleter> early(SSL_new(raw.get()));
    SSL_set_fd(early.get(), wire.native());
    ASSERT_EQ(SSL_connect(early.get()), 1);

    const PemPair second = pair_named("second");
    files.write("server.key", second.key.reveal());
    ticks();
    EXPECT_TRUE(is_shown("first")) << "half of a pair";
    files.write("server.crt", second.certificate.substr(0, 100));
    ticks();
    EXPECT_TRUE(is_shown("first")) << "half of a file";
    files.write("server.crt", second.certificate);
    ticks();
    EXPECT_TRUE(is_shown("second"));
    EXPECT_FALSE(is_shown("first"));

    constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    SSL_write(early.get(), request.data(), static_cast<int>(request.size()));
    char answer[1'000];
    EXPECT_GT(SSL_read(early.get(), answer, sizeof answer), 0) << "who was there before stays";
}

}  // namespace
}  // namespace merlon::http
