// Tests of our own keys' order.
#include "tokens/keyring.h"

#include <gtest/gtest.h>

#include "tokens/test_kit.h"

namespace merlon::tokens {
namespace {

using namespace testing;

RingKey key_that_signs_from(WallTime from, std::optional<WallTime> retires_at = {}) {
    return RingKey::make(SigningKey::generate(Algorithm::ES256).value(), now, from, retires_at);
}

TEST(Keyring, SignsWithTheNewestKeyWhoseTimeHasComeAndForgetsTheRetired) {
    const WallTime handover = now + jwks_max_age;
    const WallTime last = handover + seconds{900};
    const RingKey old = key_that_signs_from(now, last);
    const RingKey fresh = key_that_signs_from(handover);
    const Keyring ring = Keyring::make({old, fresh}).value();
    struct Case {
        WallTime at;
        std::string_view signer;
        bool finds_old;
    };
    const Case cases[] = {
        {now - seconds{1}, old.kid, true},  // a clock that went back
        {now, old.kid, true},
        {handover - seconds{1}, old.kid, true},  // published, not yet signing
        {handover, fresh.kid, true},
        {last - seconds{1}, fresh.kid, true},
        {last, fresh.kid, false},
    };
    for (const auto& [at, signer, finds_old] : cases) {
        EXPECT_EQ(ring.signer(at).kid, signer) << at.time_since_epoch();
        EXPECT_EQ(ring.find(old.kid, at) != nullptr, finds_old) << at.time_since_epoch();
        EXPECT_EQ(ring.jwks(at).contains(old.kid), finds_old) << at.time_since_epoch();
        EXPECT_TRUE(ring.jwks(at).contains(fresh.kid)) << at.time_since_epoch();
    }
}

TEST(Verifier, ForgetsAKeyAsSoonAsItLeavesTheRing) {
    const RingKey old = key_that_signs_from(now);
    const RingKey fresh = key_that_signs_from(now);
    const access::Roles roles = access::Roles::defaults();
    CurrentKeys keys(std::make_shared<const Keyring>(Keyring::make({old, fresh}).value()));
    const Verifier verifier({"auth-service", "microservices-api"}, keys, {}, roles);
    const auto token = verifier.verify_access(sign(old, "auth-service"), now);
    ASSERT_TRUE(token) << token.error().rule;
    EXPECT_FALSE(verifier.has_lost_its_key(*token, now));
    const std::uint64_t before = verifier.generation();

    keys.replace(std::make_shared<const Keyring>(Keyring::make({fresh}).value()));
    EXPECT_NE(verifier.generation(), before);
    EXPECT_TRUE(verifier.has_lost_its_key(*token, now));
    EXPECT_EQ(verifier.verify_access(sign(old, "auth-service"), now).error().rule, "token.key");
    EXPECT_TRUE(verifier.verify_access(sign(fresh, "auth-service"), now));
}

TEST(Keyring, NeverPublishesASharedSecret) {
    const Keyring ring = Keyring::of_secret(Secret("k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E")).value();
    EXPECT_EQ(ring.jwks(now), R"({"keys":[]})");
    EXPECT_NE(ring.find(std::nullopt, now), nullptr);
    EXPECT_NE(ring.find(ring.signer(now).kid, now), nullptr);
    EXPECT_EQ(ring.find("other", now), nullptr);
}

TEST(Keyring, FindsNoPublicKeyForATokenThatNamesNone) {
    EXPECT_EQ(ring_of(Algorithm::EdDSA).find(std::nullopt, now), nullptr);
}

}  // namespace
}  // namespace merlon::tokens
