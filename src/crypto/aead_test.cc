// Tests of AES-256-GCM: what was changed is noticed, whatever was changed.
#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/corpus.h"

namespace merlon::crypto {
namespace {

TEST(AeadKey, AgreesWithWycheproof) {
    const auto corpus = read_corpus("aes_gcm_test.json");
    if (!corpus) GTEST_SKIP() << "no corpora: set MERLON_CORPORA";
    int checked = 0;
    for (const auto& group : corpus->at("testGroups").as_array()) {
        // Only what we ever write: 256-bit keys, 96-bit nonces, 128-bit tags.
        if (group.at("keySize").as_int64() != 256 || group.at("ivSize").as_int64() != 96 ||
            group.at("tagSize").as_int64() != 128) {
            continue;
        }
        for (const auto& test : group.at("tests").as_array()) {
            const AeadKey key = AeadKey::make(Secret(bytes_of(test, "key"))).value();
            const auto opened =
                key.open(bytes_of(test, "iv") + bytes_of(test, "ct") + bytes_of(test, "tag"),
                         bytes_of(test, "aad"));
            EXPECT_EQ(opened.has_value(), is_valid(test)) << test;
            if (opened) EXPECT_EQ(*opened, bytes_of(test, "msg")) << test;
            ++checked;
        }
    }
    EXPECT_GT(checked, 30);
}

TEST(AeadKey, OpensWhatItSealedAndNothingThatChanged) {
    SeededEntropy entropy(1);
    const AeadKey key = AeadKey::generate(entropy);
    const std::string sealed = key.seal("mia@example.com", "users/7/email", entropy);
    ASSERT_EQ(sealed.size(), 15 + aead_overhead_bytes);
    EXPECT_EQ(key.open(sealed, "users/7/email").value(), "mia@example.com");

    for (std::size_t i = 0; i < sealed.size(); ++i) {  // nonce, ciphertext and tag
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(key.open(changed, "users/7/email").error().rule, "aead.corrupt") << i;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(key.open(std::string_view(sealed).substr(0, size), "users/7/email"));
    }
    EXPECT_FALSE(key.open(sealed + '\0', "users/7/email"));
    EXPECT_FALSE(key.open(sealed, "users/8/email"));  // moved to another row
    EXPECT_FALSE(key.open(sealed, ""));
    EXPECT_FALSE(AeadKey::generate(entropy).open(sealed, "users/7/email"));
}

TEST(AeadKey, SealsNothingAndMuch) {
    SeededEntropy entropy(2);
    const AeadKey key = AeadKey::generate(entropy);
    for (const std::size_t size : {0, 1, 15, 16, 17, 100'000}) {
        const std::string plaintext = entropy.bytes(size);
        EXPECT_EQ(key.open(key.seal(plaintext, "", entropy), "").value(), plaintext);
    }
    EXPECT_EQ(key.open_secret(key.seal("k", "", entropy), "").value().reveal(), "k");
}

TEST(AeadKey, NeverUsesANonceTwice) {
    SystemEntropy entropy;
    const AeadKey key = AeadKey::generate(entropy);
    std::set<std::string> nonces;
    for (int i = 0; i < 1'000; ++i) nonces.insert(key.seal("same", "", entropy).substr(0, 12));
    EXPECT_EQ(nonces.size(), 1'000);
}

TEST(AeadKey, IsThirtyTwoBytes) {
    for (const std::size_t size : {0, 16, 31, 33, 64}) {
        EXPECT_EQ(AeadKey::make(Secret(std::string(size, 'k'))).error().rule, "aead.key_size");
    }
}

}  // namespace
}  // namespace merlon::crypto
