// Tests of the revocation set.
#include "tokens/revocations.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace merlon::tokens {
namespace {

using std::chrono::seconds;

const WallTime now = FakeClock().wall();

AccessToken token_of(std::string user, std::string session, std::int64_t version = 1,
                     Origin origin = Origin::Own) {
    AccessToken token;
    token.subject.user_id = std::move(user);
    token.session_id = std::move(session);
    token.version = version;
    token.origin = origin;
    return token;
}

TEST(Revocations, RefuseASessionOrAllOlderTokensOfAUser) {
    FakeClock clock;
    Revocations revocations(clock);
    revocations.end_session("s1", now + seconds{900});
    revocations.raise_version("u2", 5, now + seconds{900});
    struct Case {
        AccessToken token;
        bool revoked;
    };
    const Case cases[] = {
        {token_of("u1", "s1"), true},
        {token_of("u1", "s9"), false},
        {token_of("u1", ""), false},  // no session: nothing to match
        {token_of("u2", "s2", 4), true},
        {token_of("u2", "s2", 5), false},
        {token_of("u3", "s3"), false},
        {token_of("u2", "s1", 4, Origin::Foreign), false},  // a foreign user is not ours
    };
    for (const auto& [token, revoked] : cases) {
        EXPECT_EQ(revocations.is_revoked(token), revoked)
            << token.subject.user_id << " " << token.session_id << " " << token.version;
    }
}

TEST(Revocations, NeverLowerWhatWasRaised) {
    FakeClock clock;
    Revocations revocations(clock);
    revocations.raise_version("u", 5, now + seconds{900});
    revocations.raise_version("u", 3, now + seconds{10});
    clock.advance(seconds{800});
    revocations.sweep();
    EXPECT_TRUE(revocations.is_revoked(token_of("u", "s", 4)));
}

TEST(Revocations, ForgetWhatTheTokensExpiryRefusesAnyway) {
    FakeClock clock;
    Revocations revocations(clock);
    revocations.end_session("s", now + seconds{10});
    clock.advance(seconds{9});
    revocations.sweep();
    EXPECT_EQ(revocations.size(), 1U);
    clock.advance(seconds{1});
    revocations.sweep();
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
        revocations.end_session("s", now + seconds{10});
        clock.jump_wall(jump);
        clock.advance(passed);
        revocations.sweep();
        EXPECT_EQ(revocations.is_revoked(token_of("u", "s")), held) << what;
    }
}

TEST(Revocations, ChangeTheirGenerationWithEveryAddition) {
    FakeClock clock;
    Revocations revocations(clock);
    const auto before = revocations.generation();
    revocations.end_session("s", now);
    EXPECT_NE(revocations.generation(), before);
}

TEST(Revocations, HoldFromManyThreadsAtOnce) {
    FakeClock clock;
    Revocations revocations(clock);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&revocations, t] {
            for (int i = 0; i < 1'000; ++i) {
                const std::string id = std::to_string(t) + ":" + std::to_string(i);
                revocations.end_session(id, now + seconds{900});
                EXPECT_TRUE(revocations.is_revoked(token_of("u", id)));
            }
        });
    }
    threads.clear();
    EXPECT_EQ(revocations.size(), 4'000U);
}

}  // namespace
}  // namespace merlon::tokens
