// Until when a revocation has to be kept: the expiry of the last access token there can be.
#include "identity/keys/access_tokens.h"

#include <gtest/gtest.h>

#include "identity/keys/test_kit.h"

namespace merlon::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Fixture {
    FakeClock clock;
    SystemEntropy entropy;
    int changes = 0;
    CurrentTokenPolicy policy{testing::make_policy(entropy, seconds{900}), [this] { ++changes; }};
    AccessTokens tokens{policy, clock};
};

TEST(AccessTokens, TheLastOneExpiresAfterTheLongestLifetimeAndAMinute) {
    Fixture f;
    const WallTime now = f.clock.wall();
    EXPECT_EQ(f.tokens.last_expiry(), now + seconds{900} + minutes{1});
    f.policy.replace(testing::make_policy(f.entropy, seconds{3'600}));
    EXPECT_EQ(f.tokens.last_expiry(), now + seconds{3'600} + minutes{1});
}

TEST(AccessTokens, OneIssuedBeforeTheClockWasPutBackCountsWithItsOwnTime) {
    Fixture f;
    const WallTime ahead = f.clock.wall() + hours{2};
    f.tokens.note_issue(ahead);
    f.tokens.note_issue(f.clock.wall());  // an earlier one changes nothing
    EXPECT_EQ(f.tokens.last_expiry(), ahead + seconds{900} + minutes{1});
}

TEST(TokenPolicy, AChangeReachesTheVerifiersAndIsAnnounced) {
    Fixture f;
    const auto generation = f.policy.verifier_keys().generation();
    const auto before = f.policy.load();
    f.policy.replace(testing::make_policy(f.entropy, seconds{60}));
    EXPECT_NE(f.policy.verifier_keys().generation(), generation);
    EXPECT_EQ(f.policy.load()->longest_access_ttl, seconds{60});
    EXPECT_EQ(before->longest_access_ttl, seconds{900}) << "a call under way keeps its policy";
    EXPECT_EQ(f.changes, 1);
}

}  // namespace
}  // namespace merlon::identity
