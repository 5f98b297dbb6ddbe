// Tests of the revocation set.
#include "tokens/revocations.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace merlon::tokens {
namespace {

using std::chrono::seconds;

const WallTime now = FakeClock().wall();

// A UUID for a short name.
std::string id(std::string_view name) {
    std::string digits;
    for (const char c : name) digits += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return fmt::format("0192f0c8-2f5e-7a52-9c1d-{:0>12}", digits);
}

AccessToken token_of(std::string_view user, std::string_view session, std::int64_t version = 1) {
    AccessToken token;
    token.revocable.user = RevokedId::parse(id(user));
    if (!session.empty()) token.revocable.session = RevokedId::parse(id(session));
    token.version = version;
    return token;
}

void sweep_all(Revocations& revocations) {
    for (std::size_t i = 0; i < Revocations::parts; ++i) revocations.sweep();
}

TEST(Revocations, TellAnotherSetWhatWasAddedSinceAGeneration) {
    FakeClock clock;
    Revocations here(clock);
    Revocations there(clock);
    here.end_session(id("old"), now + seconds{900});
    const std::uint64_t before = here.generation();
    EXPECT_EQ(here.told_since(before), "");
    here.end_session(id("s1"), now + seconds{900});
    here.raise_version(id("u2"), 5, now + seconds{900});
    EXPECT_TRUE(there.take_over(here.told_since(before)));
    EXPECT_TRUE(there.is_revoked(token_of("u1", "s1")));
    EXPECT_TRUE(there.is_revoked(token_of("u2", "s2", 4)));
    EXPECT_FALSE(there.is_revoked(token_of("u2", "s2", 5)));
    EXPECT_FALSE(there.is_revoked(token_of("u1", "old")));
    clock.advance(seconds{901});
    sweep_all(there);
    EXPECT_EQ(there.size(), 0U);
}

TEST(Revocations, SayThatTheyRememberNoMore) {
    FakeClock clock;
    Revocations here(clock);
    Revocations there(clock);
    const std::uint64_t before = here.generation();
    for (std::size_t i = 0; i < Revocations::remembered; ++i) {
        here.end_session(id(fmt::format("s{}", i)), now + seconds{900});
    }
    EXPECT_TRUE(there.take_over(here.told_since(before)));
    EXPECT_EQ(there.size(), Revocations::remembered);
    here.end_session(id("more"), now + seconds{900});
    EXPECT_EQ(here.told_since(before), Revocations::untold);
}

// A database whose oldest transaction is stopped has everything since told again, many times over.
TEST(Revocations, WhatIsLearntAgainCrowdsOutNothingThatACallHasToTell) {
    FakeClock clock;
    Revocations here(clock);
    int told = 0;
    here.on_addition([&] { ++told; });
    const WallTime until = now + seconds{900};
    here.learn(id("u1"), 3, until);
    here.end_session(id("s1"), until);
    const std::uint64_t before = here.generation();
    EXPECT_EQ(told, 2);
    for (std::size_t i = 0; i < Revocations::remembered * 2; ++i) {
        here.learn(id("u1"), 3, until + seconds{1});
        here.learn(id("u1"), 2, until);
        here.learn(id("s1"), std::numeric_limits<std::int64_t>::max(), until);
    }
    EXPECT_EQ(told, 2);
    EXPECT_EQ(here.generation(), before);

    // What a call does is told, also when a feed was faster.
    here.learn(id("s2"), std::numeric_limits<std::int64_t>::max(), until);
    const std::uint64_t begun = here.generation();
    here.end_session(id("s2"), until);
    EXPECT_EQ(here.told_since(begun).substr(0, 36), id("s2"));
    here.learn(id("u1"), 4, until);
    EXPECT_EQ(here.generation(), begun + 2) << "raised: that is news";
}

TEST(Revocations, TakeOverNothingButWhatASetTells) {
    FakeClock clock;
    const std::string good = id("s1");
    for (const std::string& told :
         {std::string(Revocations::untold), good, good + "/1", good + "/1/", good + "//1",
          good + "/-1/1", good + "/1/4294967296", good + "/4294967296/1", good + "/1/2/3",
          good.substr(1) + "/1/2", std::string("/1/2"), std::string(",")}) {
        Revocations there(clock);
        EXPECT_FALSE(there.take_over(told)) << told;
        EXPECT_EQ(there.size(), 0U) << told;
    }
}

TEST(Revocations, RefuseASessionOrAllOlderTokensOfAUser) {
    FakeClock clock;
    Revocations revocations(clock);
    revocations.end_session(id("s1"), now + seconds{900});
    revocations.raise_version(id("u2"), 5, now + seconds{900});
    struct Case {
        std::string_view user;
        std::string_view session;
        std::int64_t version;
        bool revoked;
    };
    const Case cases[] = {
        {"u1", "s1", 1, true},  {"u1", "s9", 1, false},
        {"u1", "", 1, false},  // no session: nothing to match
        {"u2", "s2", 4, true},  {"u2", "s2", 5, false},
        {"u3", "s3", 1, false},
    };
    for (const auto& [user, session, version, revoked] : cases) {
        EXPECT_EQ(revocations.is_revoked(token_of(user, session, version)), revoked)
            << user << " " << session << " " << version;
    }
    EXPECT_FALSE(revocations.is_revoked(AccessToken())) << "a foreign issuer's: it names none";
}

TEST(Revocations, NeverLowerWhatWasRaised) {
    FakeClock clock;
    Revocations revocations(clock);
    revocations.raise_version(id("u"), 5, now + seconds{900});
    revocations.raise_version(id("u"), 3, now + seconds{10});
    clock.advance(seconds{800});
    sweep_all(revocations);
    EXPECT_TRUE(revocations.is_revoked(token_of("u", "s", 4)));
}

TEST(Revocations, ForgetWhatTheTokensExpiryRefusesAnyway) {
    FakeClock clock;
    Revocations revocations(clock);
    revocations.end_session(id("s"), now + seconds{10});
    clock.advance(seconds{9});
    sweep_all(revocations);
    EXPECT_EQ(revocations.size(), 1U);
    clock.advance(seconds{1});
    sweep_all(revocations);
    EXPECT_EQ(revocations.size(), 0U);
}

TEST(Revocations, HoldWhileEitherClockSaysThatTheirTokensLive) {
    constexpr seconds hour{3'600};
    struct Case {
        const char* what;
        seconds jump;
        seconds passed;
        bool held;
    };
    const Case cases[] = {
        {"ahead for a moment", hour, seconds{1}, true},
        {"ahead, and the token's life over", hour, seconds{10}, false},
        {"behind: the token's time comes again", -hour, seconds{10}, true},
        {"behind, and come again and over", -hour, hour + seconds{10}, false},
    };
    for (const auto& [what, jump, passed, held] : cases) {
        FakeClock clock;
        Revocations revocations(clock);
        revocations.end_session(id("s"), now + seconds{10});
        clock.jump_wall(jump);
        clock.advance(passed);
        sweep_all(revocations);
        EXPECT_EQ(revocations.is_revoked(token_of("u", "s")), held) << what;
    }
}

TEST(Revocations, KeepWhatIsLeftWhenOthersHaveGone) {
    FakeClock clock;
    Revocations revocations(clock);
    constexpr int all = 20'000;
    const auto is_short = [](int i) { return i % 3 != 0; };
    for (int i = 0; i < all; ++i) {
        revocations.end_session(id(std::to_string(i)), now + seconds{is_short(i) ? 10 : 900});
    }
    EXPECT_EQ(revocations.size(), std::size_t{all});
    clock.advance(seconds{11});
    sweep_all(revocations);
    std::size_t left = 0;
    for (int i = 0; i < all; ++i) {
        const bool held = revocations.is_revoked(token_of("u", std::to_string(i)));
        EXPECT_EQ(held, !is_short(i)) << i;
        left += held ? 1 : 0;
    }
    EXPECT_EQ(revocations.size(), left);
}

TEST(Revocations, AreOfUuidsOnly) {
    FakeClock clock;
    Revocations revocations(clock);
    const std::string good = id("s");
    const std::string wrong[] = {"",
                                 "s",
                                 good.substr(1),
                                 good + "0",
                                 "0192f0c8-2f5e-7a52-9c1dx" + good.substr(24),
                                 "g" + good.substr(1),
                                 std::string(36, '\0')};
    for (const std::string& text : wrong) {
        revocations.end_session(text, now + seconds{900});
        EXPECT_EQ(revocations.size(), 0U) << text;
    }
    revocations.end_session(good, now + seconds{900});
    EXPECT_EQ(revocations.size(), 1U);
    AccessToken token = token_of("u", "s");
    EXPECT_TRUE(revocations.is_revoked(token));
    for (const std::string& text : wrong) {
        token.revocable.session = RevokedId::parse(text);
        EXPECT_FALSE(revocations.is_revoked(token)) << text;
    }
}

TEST(Revocations, AreWholeAtAnyTimeUnlessAFeedSaysWhen) {
    FakeClock clock;
    Revocations revocations(clock);
    EXPECT_EQ(revocations.whole_at(), SteadyTime::max());
    revocations.note_whole_at(clock.steady());
    EXPECT_EQ(revocations.whole_at(), clock.steady());
}

TEST(Revocations, ChangeTheirGenerationWithEveryAddition) {
    FakeClock clock;
    Revocations revocations(clock);
    const auto before = revocations.generation();
    revocations.end_session(id("s"), now);
    EXPECT_NE(revocations.generation(), before);
}

TEST(Revocations, HoldFromManyThreadsAtOnce) {
    FakeClock clock;
    Revocations revocations(clock);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&revocations, t] {
            for (int i = 0; i < 1'000; ++i) {
                const std::string name = std::to_string(t) + ":" + std::to_string(i);
                revocations.end_session(id(name), now + seconds{900});
                EXPECT_TRUE(revocations.is_revoked(token_of("u", name)));
            }
        });
    }
    threads.clear();
    EXPECT_EQ(revocations.size(), 4'000U);
}

}  // namespace
}  // namespace merlon::tokens
