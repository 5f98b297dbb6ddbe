// Tests of certificates: what the authority signs is what others accept, what it may not sign they
// refuse, and a leaf names one workload or nobody.
#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include "crypto/certificate_test_kit.h"

namespace merlon::crypto {
namespace {

using testing::leaf_form;
using testing::now;
using testing::read_certificate;
using testing::sign_anything;
using Store = Handle<X509_STORE, X509_STORE_free>;
using StoreContext = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;
using namespace std::chrono_literals;

SystemEntropy& entropy() {
    static SystemEntropy system;
    return system;
}

CertificateAuthority authority(std::string_view domain = "cluster.local") {
    return CertificateAuthority::make(domain, now, entropy()).value();
}

LeafRequest orders() {
    return {.id = SpiffeId::of_account("cluster.local", {"shop", "orders"}).value(),
            .dns_names = {"localhost", "orders.shop.svc"},
            .addresses = {"127.0.0.1", "::1"}};
}

// OpenSSL's verdict on a chain of one, as TLS asks for it.
int verdict(const CertificateAuthority& trusted, const std::string& leaf_pem, int purpose,
            WallTime at = now) {
    const Store store(X509_STORE_new());
    const X509Handle root = read_certificate(trusted.certificate().pem());
    const X509Handle leaf = read_certificate(leaf_pem);
    X509_STORE_add_cert(store.get(), root.get());
    const StoreContext context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_STORE_CTX_set_purpose(context.get(), purpose);
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

TEST(CertificateAuthority, IssuesWhatBothEndsOfTlsAcceptAsLongAsItLasts) {
    const CertificateAuthority ca = authority();
    const IssuedLeaf leaf = ca.issue(orders(), now, entropy()).value();
    const std::string pem = leaf.certificate.pem();
    EXPECT_EQ(leaf.certificate.spiffe_id().value(), orders().id);
    EXPECT_EQ(leaf.certificate.expires_at(), now + leaf_life);
    struct Case {
        std::chrono::minutes after;
        int error;
    };
    const Case cases[] = {
        {0min, X509_V_OK},
        {-backdated, X509_V_OK},
        {-backdated - 1min, X509_V_ERR_CERT_NOT_YET_VALID},
        {leaf_life - 1min, X509_V_OK},
        {leaf_life + 1min, X509_V_ERR_CERT_HAS_EXPIRED},
    };
    for (const auto& [after, error] : cases) {
        for (const int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT}) {
            EXPECT_EQ(verdict(ca, pem, purpose, now + after), error) << after.count();
        }
    }
    const X509Handle read = read_certificate(pem);
    EXPECT_EQ(X509_check_host(read.get(), "orders.shop.svc", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(read.get(), "products.shop.svc", 0, 0, nullptr), 0);
    EXPECT_EQ(X509_check_ip_asc(read.get(), "::1", 0), 1);
    EXPECT_NE(verdict(authority(), pem, X509_PURPOSE_SSL_SERVER), X509_V_OK);  // another's
}

// The critical name constraint: who has stolen the authority's key is not everybody everywhere.
TEST(CertificateAuthority, CannotVouchForAnotherTrustDomainNorForAuthorities) {
    const CertificateAuthority ca = authority();
    struct Case {
        std::vector<std::string> uris;
        int error;
    };
    const Case cases[] = {
        {{"spiffe://cluster.local/ns/shop/sa/x"}, X509_V_OK},
        {{"spiffe://other.local/ns/shop/sa/x"}, X509_V_ERR_PERMITTED_VIOLATION},
        {{"spiffe://evil.cluster.local/x"}, X509_V_ERR_PERMITTED_VIOLATION},
        {{"spiffe://cluster.local.evil/x"}, X509_V_ERR_PERMITTED_VIOLATION},
        {{"spiffe://cluster.local@evil/x"}, X509_V_ERR_PERMITTED_VIOLATION},
        {{"spiffe://cluster.local/x", "spiffe://other.local/x"}, X509_V_ERR_PERMITTED_VIOLATION},
    };
    for (const auto& [uris, error] : cases) {
        CertificateForm form = leaf_form();
        form.uris = uris;
        EXPECT_EQ(verdict(ca, sign_anything(ca, form).certificate, X509_PURPOSE_SSL_CLIENT), error)
            << uris.back();
    }
    // An authority below it, which signs a leaf: the path is one too long.
    CertificateForm below = leaf_form();
    below.permitted_uri_host = "cluster.local";
    below.uris = {"spiffe://cluster.local"};
    below.dns_names.clear(), below.addresses.clear();
    const auto pair = sign_anything(ca, below);
    const auto under = CertificateAuthority::load(pair.certificate, pair.key).value();
    const std::string leaf = sign_anything(under, leaf_form()).certificate;
    const Store store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), read_certificate(ca.certificate().pem()).get());
    X509_STORE_add_cert(store.get(), read_certificate(pair.certificate).get());
    const X509Handle read = read_certificate(leaf);
    const StoreContext context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), read.get(), nullptr);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()),
                               std::chrono::system_clock::to_time_t(now));
    EXPECT_NE(X509_verify_cert(context.get()), 1);
    EXPECT_EQ(X509_STORE_CTX_get_error(context.get()), X509_V_ERR_PATH_LENGTH_EXCEEDED);
}

TEST(CertificateAuthority, RefusesWhatItWouldNotStandFor) {
    const CertificateAuthority ca = authority();
    struct Case {
        void (*change)(LeafRequest&);
        std::string_view rule;
    };
    const Case cases[] = {
        {[](LeafRequest&) {}, ""},
        {[](LeafRequest& r) { r.dns_names.clear(), r.addresses.clear(); }, ""},
        {[](LeafRequest& r) { r.id = SpiffeId::parse("spiffe://x/a").value(); },
         "authority.domain"},
        {[](LeafRequest& r) { r.id = SpiffeId::of_domain("cluster.local").value(); },
         "authority.domain"},
        {[](LeafRequest& r) { r.dns_names = {""}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {"*.svc"}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {"a..b"}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {"a,DNS:b"}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {"a b"}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {std::string("a\0b", 3)}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {"-a"}; }, "authority.names"},
        {[](LeafRequest& r) { r.dns_names = {std::string(64, 'a')}; }, "authority.names"},
        {[](LeafRequest& r) { r.addresses = {"localhost"}; }, "authority.names"},
        {[](LeafRequest& r) { r.addresses = {"127.0.0.1/8"}; }, "authority.names"},
        {[](LeafRequest& r) { r.addresses = {std::string("::1\0", 4)}; }, "authority.names"},
        {[](LeafRequest& r) { r.life = std::chrono::days{0}; }, "authority.life"},
        {[](LeafRequest& r) { r.life = std::chrono::days{-1}; }, "authority.life"},
        {[](LeafRequest& r) { r.life = leaf_life_max + std::chrono::days{1}; }, "authority.life"},
    };
    for (const auto& [change, rule] : cases) {
        LeafRequest request = orders();
        change(request);
        const auto leaf = ca.issue(request, now, entropy());
        EXPECT_EQ(leaf ? "" : leaf.error().rule, rule)
            << (request.dns_names.empty() ? "" : request.dns_names.front());
    }
    EXPECT_EQ(ca.issue(orders(), now + authority_life, entropy()).error().rule,
              "authority.expired");
    // A leaf never outlives who vouches for it.
    const auto last = ca.issue(orders(), now + authority_life - std::chrono::days{1}, entropy());
    EXPECT_EQ(last.value().certificate.expires_at(), ca.certificate().expires_at());
}

TEST(CertificateAuthority, ComesBackFromItsFilesAndOnlyWithItsOwnKey) {
    const CertificateAuthority ca = authority();
    const std::string pem = ca.certificate().pem();
    const auto again = CertificateAuthority::load(pem, ca.key_pem()).value();
    EXPECT_EQ(again.trust_domain(), "cluster.local");
    const auto leaf = again.issue(orders(), now, entropy()).value();
    EXPECT_EQ(verdict(ca, leaf.certificate.pem(), X509_PURPOSE_SSL_CLIENT), X509_V_OK);
    const auto rule_of = [](const auto& loaded) { return loaded ? "" : loaded.error().rule; };
    EXPECT_EQ(rule_of(CertificateAuthority::load(pem, authority().key_pem())), "authority.key");
    EXPECT_EQ(rule_of(CertificateAuthority::load(pem, Secret("no key"))), "authority.key");
    EXPECT_EQ(rule_of(CertificateAuthority::load(pem.substr(0, 200), ca.key_pem())),
              "certificate.malformed");
    // A leaf's pair is no authority's, or orders would vouch for others.
    EXPECT_EQ(rule_of(CertificateAuthority::load(leaf.certificate.pem(), leaf.key_pem)),
              "authority.domain");
    EXPECT_EQ(rule_of(CertificateAuthority::make("Upper/x", now, entropy())), "spiffe.malformed");
}

TEST(Certificate, NamesOneWorkloadOrNobody) {
    const CertificateAuthority ca = authority();
    using namespace std::string_literals;
    const std::string uri = leaf_form().uris.front();
    struct Case {
        std::vector<std::string> uris;
        std::string_view rule;
    };
    const std::string_view none = "certificate.identity";
    const Case cases[] = {
        {{uri}, ""},
        {{}, none},
        {{uri, uri}, none},
        {{uri, "https://example.com/"}, none},
        {{"https://example.com/"}, none},
        {{"spiffe://cluster.local"}, none},  // a domain
        {{"spiffe://cluster.local/a\0/b"s}, none},
        {{uri + "\0.evil"s}, none},
        {{uri + "/"}, none},
        {{""}, none},
        {{uri + "," + uri}, none},
    };
    for (const auto& [uris, rule] : cases) {
        CertificateForm form = leaf_form();
        form.uris = uris;
        const auto read = Certificate::from_pem(sign_anything(ca, form).certificate).value();
        const auto id = read.spiffe_id();
        EXPECT_EQ(id ? "" : id.error().rule, rule) << ::testing::PrintToString(uris);
    }
    CertificateForm bare = leaf_form();
    bare.uris.clear(), bare.dns_names.clear(), bare.addresses.clear();
    EXPECT_EQ(Certificate::from_pem(sign_anything(ca, bare).certificate)->spiffe_id().error().rule,
              none);
    EXPECT_EQ(ca.certificate().spiffe_id().error().rule, none);
    CertificateForm signer = leaf_form();
    signer.permitted_uri_host = "cluster.local";  // a workload that may sign others
    EXPECT_EQ(
        Certificate::from_pem(sign_anything(ca, signer).certificate)->spiffe_id().error().rule,
        none);
}

TEST(Certificate, HasTheKeyThatItsOwnerSignsWith) {
    const auto leaf = authority().issue(orders(), now, entropy()).value();
    const SigningKey key = SigningKey::from_private_pem(leaf.key_pem).value();
    const VerifyKey published = leaf.certificate.verify_key().value();
    EXPECT_EQ(published.algorithm(), Algorithm::ES256);
    EXPECT_TRUE(published.verify("message", key.sign("message")));
    EXPECT_EQ(SigningKey::from_private_pem(Secret("no key")).error().rule, "key.malformed");
    // Encrypted: refused, and nobody is asked for a password.
    const Secret encrypted(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBAAAA\n-----END ENCRYPTED "
        "PRIVATE KEY-----\n");
    EXPECT_EQ(SigningKey::from_private_pem(encrypted).error().rule, "key.malformed");

    KeyHandle p384(EVP_EC_gen("P-384"));
    const auto other = sign_anything(authority(), leaf_form(), std::move(p384));
    EXPECT_EQ(Certificate::from_pem(other.certificate)->verify_key().error().rule, "key.type");
}

TEST(Certificate, IsReadWholeOrNotAtAll) {
    const std::string pem = authority().certificate().pem();
    EXPECT_EQ(Certificate::from_pem(pem)->pem(), pem);
    for (const std::string& damaged :
         {std::string(), std::string("x"), pem.substr(0, pem.size() / 2), pem.substr(1)}) {
        EXPECT_EQ(Certificate::from_pem(damaged).error().rule, "certificate.malformed");
    }
    const X509Handle handle = read_certificate(pem);
    unsigned char* der = nullptr;
    const auto size = static_cast<std::size_t>(i2d_X509(handle.get(), &der));
    const Handle<unsigned char, free_octets> owned(der);
    const std::string bytes(reinterpret_cast<const char*>(der), size);
    EXPECT_EQ(Certificate::from_der(bytes)->pem(), pem);
    for (const std::string& damaged : {std::string(), bytes + '\0', bytes.substr(0, size - 1)}) {
        EXPECT_EQ(Certificate::from_der(damaged).error().rule, "certificate.malformed");
    }
}

}  // namespace
}  // namespace merlon::crypto
