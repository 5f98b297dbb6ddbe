// Tests of key sets by URL: when they are fetched, and what stays when they cannot be.
#include "tokens/remote_key_sets.h"

#include <gtest/gtest.h>

#include <barrier>
#include <semaphore>
#include <thread>

#include "base/spawn.h"
#include "base/wait.h"
#include "tokens/key_wait.h"
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
        for (int i = 0; i < times; ++i) set->request_fetch();
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

// A new key that is named right after another had to be fetched is not forgotten for half a minute.
TEST(RemoteKeySets, GiveAMissDuringTheCoolDownTheNextTurn) {
    Sets f;
    f.provider.document = ring_of(Algorithm::ES256).jwks(now);
    const auto set = f.obtain();
    EXPECT_EQ(set->request_fetch(), 1U) << "the first fetch tells";
    f.sets.work({});
    EXPECT_EQ(set->request_fetch(), 2U);
    EXPECT_EQ(f.fetches_after(seconds{0}), 1U);
    EXPECT_EQ(set->fetches(), 2U);
    f.clock.advance(seconds{10});
    EXPECT_EQ(set->request_fetch(), 3U);
    EXPECT_EQ(set->request_fetch(), 3U) << "all wait for one fetch";
    EXPECT_EQ(f.sets.work({}), f.clock.steady() + seconds{20});
    EXPECT_EQ(f.fetches_after(seconds{19}), 0U);
    EXPECT_EQ(f.fetches_after(seconds{1}), 1U) << "though nobody asked again";
    EXPECT_EQ(set->fetches(), 3U);
    EXPECT_EQ(f.fetches_after(RemoteKeySets::fetched_every - seconds{1}), 0U) << "once";
}

TEST(RemoteKeySets, ThatNeverCameAreNotWaitedForAfterTheFirstTry) {
    Sets f;
    f.provider.error = "fetch.unreachable";
    const auto set = f.obtain();
    EXPECT_EQ(set->request_fetch(), 1U);
    f.sets.work({});
    EXPECT_EQ(set->request_fetch(), 1U) << "which has ended";
    f.clock.advance(seconds{12});
    const Error absent = set->absent();
    EXPECT_EQ(absent.rule, absent_keys_rule);
    EXPECT_EQ(absent.kind, Kind::Unavailable);
    EXPECT_EQ(std::get<RetryAfter>(absent.payload).delay, seconds{18});
}

// Answers only when it has been asked for everything.
class MeetingFetcher final : public fetch::Fetcher {
public:
    explicit MeetingFetcher(std::ptrdiff_t count) : meeting_(count) {}
    Result<std::string> get(const fetch::Request&, std::stop_token) override {
        meeting_.arrive_and_wait();
        return ring_of(Algorithm::ES256).jwks(now);
    }

private:
    std::barrier<> meeting_;
};

TEST(RemoteKeySets, AreFetchedAtATimeSoThatOneThatHangsDelaysNoOther) {
    FakeClock clock;
    MeetingFetcher providers(3);
    RemoteKeySets sets(providers, clock, [](const std::string&) {});
    bool has_tried = false;
    sets.when_tried([&] { has_tried = true; });
    std::vector<std::shared_ptr<RemoteKeySet>> all;
    for (const char* host : {"a", "b", "c"}) {
        all.push_back(sets.obtain({"https://" + std::string(host) + ".example/keys"}));
    }
    EXPECT_FALSE(has_tried);
    sets.work({});
    for (const auto& set : all) EXPECT_EQ(set->keys()->size(), 1U);
    EXPECT_TRUE(has_tried);
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
    verifier.key_set_of(sign(fresh.signer(now), issuer))->request_fetch();
    f.sets.work({});
    EXPECT_EQ(verdict(fresh), "ok");
    EXPECT_EQ(verdict(old), "token.key");
    EXPECT_EQ(verifier.key_set_of(sign(old.signer(now), issuer)), nullptr)
        << "a key that was taken away is not waited for";
    EXPECT_EQ(f.fetches_after(RemoteKeySets::missed_every), 1U) << "but looked for";
    EXPECT_NE(verifier.generation(), before);
}

// A provider that answers when it is let.
class SlowFetcher final : public fetch::Fetcher {
public:
    Result<std::string> get(const fetch::Request&, std::stop_token) override {
        go.acquire();
        return document;
    }
    std::counting_semaphore<> go{0};
    std::string document;  // not changed while get() runs
};

// What a worker does with a token whose key may be on its way.
struct Waiting {
    std::string_view verdict_of(const Keyring& ring) {
        const std::string token = sign(ring.signer(now), issuer);
        const auto verified =
            wait(verify_when_keys_come(&verifier, verifier.key_set_of(token), token, &clock));
        return verified ? "ok" : verified.error().rule;
    }

    // The tokens are of one day, the deadlines of this one.
    struct Today final : public Clock {
        WallTime wall() const override { return now; }
        SteadyTime steady() const override { return SystemClock().steady(); }
    };
    const std::string issuer = "https://idp.example";
    Today clock;
    SlowFetcher provider;
    RemoteKeySets sets{provider, clock, [](const std::string&) {}};
    access::Roles roles = access::Roles::defaults();
    CurrentKeys own{std::make_shared<const Keyring>(ring_of(Algorithm::ES256))};
    Verifier verifier{
        {"auth-service", "microservices-api"},
        own,
        TrustedIssuers::load({{issuer, issuer + "/keys", "microservices-api"}}, sets).value(),
        roles};
};

TEST(KeyWait, LastsUntilTheFirstFetchHasEnded) {
    Waiting f;
    const Keyring theirs = ring_of(Algorithm::ES256);
    f.provider.document = theirs.jwks(now);
    std::jthread thread([&](std::stop_token stop) { f.sets.run(std::move(stop)); });
    std::string_view early;
    std::jthread waits([&] { early = f.verdict_of(theirs); });
    f.provider.go.release();
    waits.join();
    EXPECT_EQ(early, "ok");
    EXPECT_EQ(f.verdict_of(theirs), "ok");

    // A new key: the next fetch finds it, whoever waits.
    const Keyring fresh = ring_of(Algorithm::EdDSA);
    f.provider.document = fresh.jwks(now);
    std::vector<std::string_view> verdicts(8);
    {
        std::vector<std::jthread> many;
        for (auto& verdict : verdicts) many.emplace_back([&] { verdict = f.verdict_of(fresh); });
        f.provider.go.release();
    }
    for (const std::string_view verdict : verdicts) EXPECT_EQ(verdict, "ok");
    thread.request_stop();
}

// Each holds a request: strangers who name keys that nobody has cannot hold more.
TEST(RemoteKeySets, AreWaitedForByABoundedNumber) {
    Sets f;
    const auto set = f.obtain();
    asio::io_context loop;
    std::size_t answered = 0;
    std::vector<std::string_view> refusals;
    const auto wait_for_one = [&] {
        spawn(loop.get_executor(), set->wait_for_fetch(0, SteadyTime::max()),
              [&](const Result<>& done) {
                  ++answered;
                  if (!done) refusals.push_back(done.error().rule);
              });
    };
    for (std::size_t i = 0; i < RemoteKeySets::waiters_max + 2; ++i) wait_for_one();
    loop.poll();
    EXPECT_EQ(answered, 2U);
    EXPECT_EQ(refusals, std::vector<std::string_view>(2, awaited_keys_rule));

    f.provider.document = ring_of(Algorithm::ES256).jwks(now);
    f.sets.work({});
    loop.restart();
    while (answered < RemoteKeySets::waiters_max + 2) loop.run_one();
    EXPECT_EQ(refusals.size(), 2U) << "each waiter got an answer";
}

TEST(KeyWait, EndsWith503WhereNoKeyWasEverFetched) {
    Waiting f;
    f.provider.document = "no keys";
    std::jthread thread([&](std::stop_token stop) { f.sets.run(std::move(stop)); });
    f.provider.go.release();
    EXPECT_EQ(f.verdict_of(ring_of(Algorithm::ES256)), absent_keys_rule);
    EXPECT_EQ(f.verdict_of(ring_of(Algorithm::ES256)), absent_keys_rule) << "at once";
    thread.request_stop();
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
    set->request_fetch();
    thread.request_stop();
    thread.join();
}

}  // namespace
}  // namespace merlon::tokens
