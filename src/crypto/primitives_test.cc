// Tests of digests, MACs, key derivation and comparison.
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/corpus.h"
#include "crypto/digest.h"
#include "crypto/equal.h"
#include "crypto/mac.h"

namespace merlon::crypto {
namespace {

TEST(Sha256, IsWhatFips180SaysBothWays) {
    struct Case {
        std::string message;
        std::string_view digest;
    };
    const Case cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {std::string(1'000'000, 'a'),
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    Sha256Hasher hasher;  // one for all: nothing of a message stays in it
    for (const auto& [message, digest] : cases) {
        EXPECT_EQ(text::to_hex(as_text(sha256(message))), digest);
        EXPECT_EQ(text::to_hex(as_text(hasher.hash(message))), digest);
    }
}

TEST(HmacSha256, AgreesWithWycheproof) {
    const auto corpus = read_corpus("hmac_sha256_test.json");
    if (!corpus) GTEST_SKIP() << "no corpora: set MERLON_CORPORA";
    int checked = 0;
    for (const auto& group : corpus->at("testGroups").as_array()) {
        if (group.at("tagSize").as_int64() != 256) continue;  // we never shorten a MAC
        for (const auto& test : group.at("tests").as_array()) {
            const HmacSha256 key(Secret(bytes_of(test, "key")));
            EXPECT_EQ(key.verify(bytes_of(test, "msg"), bytes_of(test, "tag")), is_valid(test))
                << test;
            ++checked;
        }
    }
    EXPECT_GT(checked, 50);
}

TEST(HmacSha256, RefusesAShortenedMac) {
    const HmacSha256 key(Secret(std::string(32, 'k')));
    const std::string mac(as_text(key.mac("message")));
    EXPECT_TRUE(key.verify("message", mac));
    EXPECT_FALSE(key.verify("message", std::string_view(mac).substr(0, 16)));
    EXPECT_FALSE(key.verify("message", ""));
    EXPECT_FALSE(key.verify("messagf", mac));
}

TEST(HmacSha256, TakesAnEmptyKeyAsAKey) {
    EXPECT_EQ(text::to_hex(as_text(HmacSha256(Secret()).mac(""))),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hkdf, AgreesWithWycheproof) {
    const auto corpus = read_corpus("hkdf_sha256_test.json");
    if (!corpus) GTEST_SKIP() << "no corpora: set MERLON_CORPORA";
    for (const auto& group : corpus->at("testGroups").as_array()) {
        for (const auto& test : group.at("tests").as_array()) {
            const auto size = static_cast<std::size_t>(test.at("size").as_int64());
            const auto key = hkdf_sha256(Secret(bytes_of(test, "ikm")), bytes_of(test, "salt"),
                                         bytes_of(test, "info"), size);
            ASSERT_EQ(key.has_value(), is_valid(test)) << test;
            if (key) EXPECT_EQ(key->reveal(), bytes_of(test, "okm")) << test;
            if (!key) EXPECT_EQ(key.error().rule, "hkdf.size");
        }
    }
}

TEST(Equal, SeesEveryDifference) {
    EXPECT_TRUE(equal("", ""));
    EXPECT_TRUE(equal("secret", "secret"));
    EXPECT_FALSE(equal("secret", "secreT"));
    EXPECT_FALSE(equal("Secret", "secret"));
    EXPECT_FALSE(equal("secret", "secret "));
    EXPECT_FALSE(equal(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));  // not strcmp
}

}  // namespace
}  // namespace merlon::crypto
