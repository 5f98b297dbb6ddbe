// Tests of mutual TLS: which certificates either side accepts, and that none bypasses the check.
#include <gmock/gmock.h>

#include "http/mutual_tls_test_kit.h"

namespace merlon::http {
namespace {

using crypto::CertificateAuthority;
using crypto::CertificateForm;
using crypto::SpiffeId;
using crypto::testing::sign_anything;
using net::testing::PemFolder;
using net::testing::PemPair;
using net::testing::Wire;
using testing::answer_to;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::WhoServer;
using namespace std::chrono_literals;

const WallTime now = SystemClock().wall();  // OpenSSL asks the system, too
const std::string orders_id = "spiffe://cluster.local/ns/shop/sa/orders";
constexpr std::string_view broken = "upstream.";

SpiffeId id_of(std::string_view text) { return SpiffeId::parse(text).value(); }

CertificateAuthority authority(std::string_view domain = "cluster.local") {
    SystemEntropy entropy;
    return CertificateAuthority::make(domain, now, entropy).value();
}

CertificateForm form(const std::string& uri = orders_id) {
    CertificateForm made = crypto::testing::leaf_form(now);
    made.uris = {uri};
    return made;
}

template <class Change>
CertificateForm form_with(Change change) {
    CertificateForm made = form();
    change(made);
    return made;
}

// Two trust domains that the server knows, and a third party's.
struct World {
    PemFolder files;
    CertificateAuthority ours = authority();
    CertificateAuthority partner = authority("partner.example");
    CertificateAuthority stranger = authority();
    std::string ca = files.write("ca.crt", ours.certificate().pem());
    std::string both =
        files.write("both.crt", ours.certificate().pem() + partner.certificate().pem());
    net::TlsSettings gateway =
        files.write("gateway", sign_anything(ours, form("spiffe://cluster.local/ns/shop/sa/gw")));

    std::shared_ptr<const net::TlsServerContext> server(std::optional<net::TlsClients> clients) {
        auto made = net::TlsServerContext::make({gateway}, std::move(clients));
        EXPECT_TRUE(made) << made.error().detail;
        return *std::move(made);
    }
    std::shared_ptr<const net::TlsClientContext> client(const net::TlsSettings& own,
                                                        std::vector<SpiffeId> servers = {}) {
        auto made = net::TlsClientContext::make(
            {ca, own.certificate_path, own.key_path, std::move(servers)});
        EXPECT_TRUE(made) << made.error().detail;
        return *std::move(made);
    }
};

TEST(MutualTls, LetsInWhoHasOneIdentityOfTheTrustDomainFromItsAuthority) {
    World world;
    const WhoServer server(
        world.server(net::TlsClients{world.both, {.trust_domain = "cluster.local"}}));
    struct Case {
        const char* what;
        PemPair pair;
        std::string outcome;
    };
    const auto ours = [&](const CertificateForm& made) { return sign_anything(world.ours, made); };
    const auto why = [](std::string_view rule) { return std::string(rule); };
    const Case cases[] = {
        {"the right one", ours(form()), orders_id},
        {"for clients only", ours(form_with([](auto& f) { f.extended_usage = "clientAuth"; })),
         orders_id},
        {"an Ed25519 key",
         sign_anything(world.ours, form(),
                       crypto::KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))),
         orders_id},
        {"from another authority, which says the same of itself",
         sign_anything(world.stranger, form()), why("unknown ca")},
        {"expired", ours(form_with([](auto& f) { f.not_after = now - 1min; })),
         why("certificate expired")},
        {"not yet valid", ours(form_with([](auto& f) { f.not_before = now + 10min; })),
         why("certificate")},
        {"for servers only", ours(form_with([](auto& f) { f.extended_usage = "serverAuth"; })),
         why("certificate")},
        {"for mail", ours(form_with([](auto& f) { f.extended_usage = "emailProtection"; })),
         why("certificate")},
        {"two identities", ours(form_with([](auto& f) { f.uris.push_back(f.uris.front() + "2"); })),
         why("alert")},
        {"no identity", ours(form_with([](auto& f) { f.uris.clear(); })), why("alert")},
        {"a URI of another kind", ours(form("https://cluster.local/ns/shop/sa/orders")),
         why("alert")},
        {"a whole trust domain", ours(form("spiffe://cluster.local")), why("alert")},
        {"one that may sign others",
         ours(form_with([](auto& f) { f.permitted_uri_host = "cluster.local"; })), why("alert")},
        {"another trust domain, from an authority that we know",
         sign_anything(world.partner, form("spiffe://partner.example/ns/shop/sa/orders")),
         why("alert")},
        {"ours, from another domain's authority", sign_anything(world.partner, form()),
         why("alert")},
        {"a key of a kind that signs no assertions",
         sign_anything(world.ours, form(), crypto::KeyHandle(EVP_EC_gen("P-384"))), why("alert")},
    };
    for (const auto& [what, pair, outcome] : cases) {
        const std::string got =
            answer_to(server.port, world.client(world.files.write("client", pair)));
        if (outcome == orders_id) {
            EXPECT_EQ(got, outcome) << what;
        } else {
            EXPECT_THAT(got, StartsWith(broken)) << what;
            EXPECT_THAT(got, HasSubstr(outcome)) << what;
        }
    }
    EXPECT_THAT(answer_to(server.port, world.client({})), HasSubstr("certificate required"));
}

TEST(MutualTls, GivesTheHandlerAKeyThatTellsWhatTheCallerSigned) {
    World world;
    WhoServer server(world.server(net::TlsClients{world.ca, {}}));
    const PemPair pair = sign_anything(world.ours, form());
    EXPECT_EQ(answer_to(server.port, world.client(world.files.write("client", pair))), orders_id);
    const auto key = crypto::SigningKey::from_private_pem(pair.key).value();
    const auto identity = server.thread.run([&] { return server.handler.last; });
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->id, id_of(orders_id));
    EXPECT_TRUE(identity->key.verify("message", key.sign("message")));
}

TEST(MutualTls, WithoutItNobodyHasAnIdentity) {
    World world;
    const WhoServer server(world.server({}));
    const auto own = world.files.write("client", sign_anything(world.ours, form()));
    EXPECT_EQ(answer_to(server.port, world.client(own)), "nobody");
}

TEST(MutualTls, AClientTalksToWhomItMeansWhateverTheHostIsCalled) {
    World world;
    const auto own = world.files.write("client", sign_anything(world.ours, form()));
    const std::string gateway_id = "spiffe://cluster.local/ns/shop/sa/gw";
    const auto is = [&](auto change) {
        CertificateForm made = form(gateway_id);
        change(made);
        return sign_anything(world.ours, made);
    };
    struct Case {
        const char* what;
        PemPair server;
        std::vector<SpiffeId> meant;
        std::string outcome;
    };
    const Case cases[] = {
        {"the right one", is([](auto&) {}), {id_of(gateway_id)}, orders_id},
        {"one of two", is([](auto&) {}), {id_of(orders_id), id_of(gateway_id)}, orders_id},
        {"a host of another name",
         is([](auto& f) { f.dns_names = {"elsewhere"}, f.addresses = {"10.9.9.9"}; }),
         {id_of(gateway_id)},
         orders_id},
        {"no host at all",
         is([](auto& f) { f.dns_names.clear(), f.addresses.clear(); }),
         {id_of(gateway_id)},
         orders_id},
        {"a colleague",
         is([](auto& f) { f.uris = {orders_id + "2"}; }),
         {id_of(orders_id)},
         "tls.peer: it is " + orders_id + "2"},
        {"a name that begins alike", is([](auto&) {}), {id_of(gateway_id + "2")}, "tls.peer"},
        {"two identities",
         is([&](auto& f) { f.uris.push_back(orders_id); }),
         {id_of(gateway_id)},
         "certificate.identity"},
        {"no identity",
         is([](auto& f) { f.uris.clear(); }),
         {id_of(gateway_id)},
         "certificate.identity"},
        {"for clients only",
         is([](auto& f) { f.extended_usage = "clientAuth"; }),
         {id_of(gateway_id)},
         "purpose"},
        {"expired",
         is([](auto& f) { f.not_after = now - 1min; }),
         {id_of(gateway_id)},
         "certificate has expired"},
        {"from another authority",
         sign_anything(world.stranger, form(gateway_id)),
         {id_of(gateway_id)},
         "certificate"},
        {"by its host's name", is([](auto&) {}), {}, orders_id},
        {"by a host's name that it has not",
         is([](auto& f) { f.dns_names = {"elsewhere"}, f.addresses = {"10.9.9.9"}; }),
         {},
         "IP address mismatch"},
    };
    for (const auto& [what, pair, meant, outcome] : cases) {
        world.gateway = world.files.write("server", pair);
        const WhoServer server(world.server(net::TlsClients{world.ca, {}}));
        const std::string got = answer_to(server.port, world.client(own, meant));
        if (outcome == orders_id) {
            EXPECT_EQ(got, outcome) << what;
        } else {
            EXPECT_THAT(got, StartsWith("upstream.unavailable")) << what;
            EXPECT_THAT(got, HasSubstr(outcome)) << what;
        }
    }
}

// A client of OpenSSL's own, which tries what ours does not.
struct RawClient {
    Wire wire;
    std::unique_ptr<SSL, net::SslDeleter> ssl;
    bool is_connected;
    std::string answer;

    RawClient(std::uint16_t port, SSL_CTX* context, SSL_SESSION* session,
              const char* server_name = nullptr)
        : wire(Wire::connect(port)), ssl(SSL_new(context)) {
        SSL_set_fd(ssl.get(), wire.native());
        if (session != nullptr) SSL_set_session(ssl.get(), session);
        if (server_name != nullptr) SSL_set_tlsext_host_name(ssl.get(), server_name);
        is_connected = SSL_connect(ssl.get()) == 1;
        if (!is_connected) return;
        constexpr std::string_view request =
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
        char bytes[4'096];
        for (int got; (got = SSL_read(ssl.get(), bytes, sizeof bytes)) > 0;) {
            answer.append(bytes, static_cast<std::size_t>(got));
        }
    }
};

net::SslContext raw_context(const net::TlsSettings* own) {
    net::SslContext context(SSL_CTX_new(TLS_client_method()));
    if (own != nullptr) {
        SSL_CTX_use_certificate_chain_file(context.get(), own->certificate_path.c_str());
        SSL_CTX_use_PrivateKey_file(context.get(), own->key_path.c_str(), SSL_FILETYPE_PEM);
    }
    return context;
}

TEST(MutualTls, NoSessionIsTakenUpAgainSoEveryConnectionShowsItsCertificate) {
    World world;
    const auto own = world.files.write("client", sign_anything(world.ours, form()));
    const WhoServer plain(world.server({}));
    const WhoServer mutual(world.server(net::TlsClients{world.ca, {}}));
    const net::SslContext with = raw_context(&own);
    const net::SslContext without = raw_context(nullptr);

    const RawClient first(mutual.port, with.get(), nullptr);
    EXPECT_THAT(first.answer, HasSubstr(orders_id));
    // No ticket came, and what the handshake left is none.
    EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get0_session(first.ssl.get())), 0);
    SSL_SESSION* const theirs = SSL_get0_session(first.ssl.get());
    const RawClient again(mutual.port, without.get(), theirs);
    EXPECT_EQ(again.answer, "");

    // A ticket of the public listener, which has the same certificate, is no way in.
    const RawClient stranger(plain.port, without.get(), nullptr);
    ASSERT_THAT(stranger.answer, HasSubstr("nobody"));
    SSL_SESSION* const ticket = SSL_get0_session(stranger.ssl.get());
    ASSERT_EQ(SSL_SESSION_is_resumable(ticket), 1);
    const RawClient resumed(plain.port, without.get(), ticket);
    ASSERT_EQ(SSL_session_reused(resumed.ssl.get()), 1) << "the attempt below is one";
    const RawClient attempt(mutual.port, without.get(), ticket);
    EXPECT_EQ(SSL_session_reused(attempt.ssl.get()), 0);
    EXPECT_EQ(attempt.answer, "");
    const RawClient honest(mutual.port, with.get(), ticket);
    EXPECT_EQ(SSL_session_reused(honest.ssl.get()), 0);
    EXPECT_THAT(honest.answer, HasSubstr(orders_id));
}

TEST(MutualTls, IsTls13AndTheSameForEveryNameThatIsAskedFor) {
    World world;
    const auto own = world.files.write("client", sign_anything(world.ours, form()));
    const auto other = world.files.write(
        "other",
        sign_anything(world.ours, form_with([](auto& f) { f.dns_names = {"other.example"}; })));
    auto context =
        net::TlsServerContext::make({world.gateway, other}, net::TlsClients{world.ca, {}});
    ASSERT_TRUE(context);
    const WhoServer server(*std::move(context));
    const net::SslContext with = raw_context(&own);
    const net::SslContext without = raw_context(nullptr);
    for (const char* name : {"localhost", "other.example", "nobody.example"}) {
        EXPECT_THAT(RawClient(server.port, with.get(), nullptr, name).answer, HasSubstr(orders_id));
        EXPECT_EQ(RawClient(server.port, without.get(), nullptr, name).answer, "") << name;
    }
    SSL_CTX_set_max_proto_version(with.get(), TLS1_2_VERSION);
    EXPECT_FALSE(RawClient(server.port, with.get(), nullptr).is_connected);
}

TEST(MutualTls, AuthoritiesThatAreNoneAreNoAuthorities) {
    World world;
    for (const std::string& path :
         {world.files.write("empty.crt", ""), world.files.write("text.crt", "no certificate"),
          world.gateway.key_path, std::string("/nonexistent"), std::string()}) {
        EXPECT_EQ(
            net::TlsServerContext::make({world.gateway}, net::TlsClients{path, {}}).error().rule,
            "tls.ca")
            << path;
    }
}

}  // namespace
}  // namespace merlon::http
