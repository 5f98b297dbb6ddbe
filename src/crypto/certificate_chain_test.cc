// What is said of chains: their order, gaps, names and times.
#include "crypto/certificate_chain.h"

#include <gtest/gtest.h>

#include "crypto/certificate_test_kit.h"

namespace merlon::crypto {
namespace {

using testing::leaf_form;
using testing::now;
using testing::sign_anything;

struct Signed {
    SystemEntropy entropy;
    CertificateAuthority root = CertificateAuthority::make("cluster.local", now, entropy).value();
    std::string root_pem = root.certificate().pem();
    std::string leaf = sign_anything(root, leaf_form()).certificate;
    std::string other = sign_anything(root, leaf_form()).certificate;
};

TEST(CertificateChain, SaysWhoDidNotSignTheOneBefore) {
    const Signed all;
    struct Case {
        std::string pem;
        std::size_t faults;
    };
    const Case cases[] = {
        {all.leaf, 0},
        {all.leaf + all.root_pem, 0},
        {"text before\n" + all.leaf + "and between\n" + all.root_pem, 0},
        {all.root_pem + all.leaf, 1},
        {all.leaf + all.other, 1},
        {all.leaf + all.leaf, 1},
    };
    for (const auto& [pem, faults] : cases) {
        const auto chain = CertificateChain::from_pem(pem);
        ASSERT_TRUE(chain) << pem;
        EXPECT_EQ(chain->faults("").size(), faults) << pem;
    }
}

TEST(CertificateChain, NamesHostsAndAddresses) {
    const Signed all;
    const auto chain = CertificateChain::from_pem(all.leaf).value();
    for (const char* host : {"localhost", "127.0.0.1", "LOCALHOST"}) {
        EXPECT_TRUE(chain.faults(host).empty()) << host;
    }
    for (const char* host : {"example.com", "127.0.0.2", "localhost.example.com", "*"}) {
        EXPECT_EQ(chain.faults(host).size(), 1U) << host;
    }
}

TEST(CertificateChain, IsRenewedThreeWeeksBeforeItsEndOrAfterTwoThirdsOfItsLife) {
    const Signed all;
    struct Case {
        std::chrono::hours life;
        std::chrono::seconds renewal;
    };
    using std::chrono::days;
    const Case cases[] = {
        {days{365}, days{21}}, {days{63}, days{21}}, {days{30}, days{10}}, {days{3}, days{1}}};
    for (const auto& [life, renewal] : cases) {
        CertificateForm form = leaf_form();
        form.not_before = now;
        form.not_after = now + life;
        const auto chain = CertificateChain::from_pem(sign_anything(all.root, form).certificate);
        ASSERT_TRUE(chain);
        EXPECT_EQ(chain->renewal_time(), renewal) << life.count();
        EXPECT_EQ(chain->valid_until(), now + life);
    }
}

TEST(CertificateChain, IsAsShortAsItsShortestCertificate) {
    const Signed all;
    CertificateForm form = leaf_form();
    form.not_after = all.root.certificate().expires_at() + std::chrono::days{400};
    const std::string leaf = sign_anything(all.root, form).certificate;
    EXPECT_EQ(CertificateChain::from_pem(leaf + all.root_pem)->valid_until(),
              all.root.certificate().expires_at());
}

TEST(CertificateChain, IsRefusedWithoutACertificate) {
    for (const std::string_view pem :
         {"", "hello", "-----BEGIN CERTIFICATE-----\n",
          "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
        EXPECT_FALSE(CertificateChain::from_pem(pem)) << pem;
    }
}

}  // namespace
}  // namespace merlon::crypto
