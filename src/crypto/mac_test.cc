// Tests of HMAC-SHA256 and SHA-256 against published vectors.
#include "crypto/mac.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace merlon::crypto {
namespace {

TEST(HmacSha256, GivesWhatRfc4231Says) {
    const HmacSha256 mac(Secret(std::string(20, '\x0b')));
    EXPECT_EQ(text::to_hex(as_text(mac.compute("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const HmacSha256 jefe(Secret("Jefe"));
    const Digest digest = jefe.compute("what do ya want for nothing?");
    EXPECT_EQ(text::to_hex(as_text(digest)),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_TRUE(jefe.verify("what do ya want for nothing?", as_text(digest)));
    EXPECT_FALSE(jefe.verify("what do ya want for nothing!", as_text(digest)));
    EXPECT_FALSE(jefe.verify("what do ya want for nothing?", as_text(digest).substr(0, 31)));
    EXPECT_FALSE(jefe.verify("what do ya want for nothing?", ""));
}

TEST(Sha256, GivesWhatFips180Says) {
    EXPECT_EQ(text::to_hex(as_text(sha256("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace merlon::crypto
