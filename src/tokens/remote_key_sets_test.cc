// Tests of key sets by URL: when they are fetched, and what stays when they cannot be.
#include "tokens/remote_key_sets.h"

#include <gtest/gtest.h>

#include <thread>

#include "tokens/test_kit.h"

namespace merlon::tokens {
namespace {

using namespace testing;

TEST(RemoteKeySets, AreFetchedAtStartAndEveryFiveMinutes) {
    Sets f;
    f.provider.document = ring_of(Algorithm::ES256).jwks(now);
    const auto set = f.obtain();
    EXPECT_TRUE(set->keys()->empty());
    EXPECT_EQ(f.fetches_after(seconds{0}), 1U);
    EXPECT_EQ(set->keys()->size(), 1U);
    EXPECT_EQ(f.fetches_after(seconds{299}), 0U);
    EXPECT_EQ(f.fetches_after(seconds{1}), 1U);
    EXPECT_EQ(f.sets.work({}), f.clock.steady() + RemoteKeySets::fetched_every);
}

TEST(RemoteKeySets, AreFetchedOnceInThirtySecondsHoweverManyUnknownKeysAreNamed) {
    Sets f;
    f.provider.document = ring_of(Algorithm::ES256).jwks(now);
    const auto set = f.obtain();
    const auto miss = [&](int times) {
        for (int i = 0; i < times; ++i) set->miss();
    };
    miss(1'000);  // before there is anything to miss
    EXPECT_EQ(f.fetches_after(seconds{0}), 1U);
    EXPECT_EQ(f.fetches_after(seconds{0}), 0U);
    miss(1'000);
    EXPECT_EQ(f.fetches_after(seconds{0}), 1U);
    miss(1'000);
    EXPECT_EQ(f.fetches_after(seconds{29}), 0U);
    miss(1'000);
    EXPECT_EQ(f.fetches_after(seconds{0}), 0U);
    f.clock.advance(seconds{1});
    miss(1'000);
    EXPECT_EQ(f.fetches_after(seconds{0}), 1U);
}

TEST(RemoteKeySets, KeepTheLastKeysWhenTheProviderFailsAndSaySoOnce) {
    Sets f;
    const std::string good = ring_of(Algorithm::ES256).jwks(now);
    f.provider.document = good;
    const auto set = f.obtain();
    f.sets.work({});
    const auto keys = set->keys();
    const std::uint64_t generation = set->generation();

    f.provider.error = "fetch.unreachable";
    EXPECT_EQ(f.fetches_after(RemoteKeySets::fetched_every), 1U);
    f.provider.error = {};
    for (const std::string_view broken : {"", "no JSON", R"({"keys":[]})"}) {
        f.provider.document = broken;
        EXPECT_EQ(f.fetches_after(RemoteKeySets::retried_after), 1U) << broken;
    }
    EXPECT_EQ(set->keys(), keys);
    EXPECT_EQ(set->generation(), generation);
    ASSERT_EQ(f.lines.size(), 1U);
    EXPECT_TRUE(f.lines[0].contains("the last ones stay: fetch.unreachable")) << f.lines[0];

    f.provider.document = good;
    f.fetches_after(RemoteKeySets::retried_after);
    EXPECT_EQ(set->generation(), generation) << "nothing changed: nothing is verified again";
    EXPECT_EQ(f.lines.size(), 2U);
    EXPECT_EQ(f.fetches_after(RemoteKeySets::retried_after), 0U);
}

TEST(RemoteKeySets, AreOneForOneSourceAsLongAsSomebodyHoldsIt) {
    Sets f;
    f.provider.document = ring_of(Algorithm::ES256).jwks(now);
    auto set = f.obtain();
    f.sets.work({});
    EXPECT_EQ(f.obtain(), set);
    EXPECT_NE(f.sets.obtain({"https://idp.example/keys", fetch::Network::Private}), set);
    set.reset();
    EXPECT_EQ(f.fetches_after(RemoteKeySets::fetched_every), 0U);
    EXPECT_TRUE(f.obtain()->keys()->empty());
}

TEST(RemoteKeySets, BringAVerifierNewKeysAndTakeOldOnesAway) {
    Sets f;
    const Keyring old = ring_of(Algorithm::ES256);
    const Keyring fresh = ring_of(Algorithm::EdDSA);
    const access::Roles roles = access::Roles::defaults();
    const CurrentKeys own(std::make_shared<const Keyring>(ring_of(Algorithm::ES256)));
    const std::string issuer = "https://idp.example";
    const Verifier verifier(
        {"auth-service", "microservices-api"}, own,
        TrustedIssuers::load({{issuer, issuer + "/keys", "microservices-api"}}, f.sets).value(),
        roles);
    const auto verdict = [&](const Keyring& ring) -> std::string_view {
        const auto token = verifier.verify_access(sign(ring.signer(now), issuer), now);
        return token ? "ok" : token.error().rule;
    };
    EXPECT_EQ(verdict(old), "token.key");
    f.provider.document = old.jwks(now);
    f.sets.work({});
    EXPECT_EQ(verdict(old), "ok");
    const std::uint64_t before = verifier.generation();

    f.provider.document = fresh.jwks(now);
    f.clock.advance(RemoteKeySets::missed_every);
    EXPECT_EQ(verdict(fresh), "token.key");
    f.sets.work({});
    EXPECT_EQ(verdict(fresh), "ok");
    EXPECT_EQ(verdict(old), "token.key");
    EXPECT_NE(verifier.generation(), before);
}

TEST(RemoteKeySets, WorkOnAThreadThatWakesForAMissAndStopsWhenTold) {
    SystemClock clock;
    FakeFetcher provider;
    provider.document = ring_of(Algorithm::ES256).jwks(now);
    RemoteKeySets sets(provider, clock, [](const std::string&) {});
    const auto set = sets.obtain({"https://idp.example/keys"});
    const auto keys_arrive = [&] {
        for (int i = 0; i < 1'000 && set->keys()->empty(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        return !set->keys()->empty();
    };
    std::jthread thread([&](std::stop_token stop) { sets.run(std::move(stop)); });
    EXPECT_TRUE(keys_arrive());
    set->miss();
    thread.request_stop();
    thread.join();
}

}  // namespace
}  // namespace merlon::tokens
