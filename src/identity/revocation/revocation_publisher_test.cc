// What a committed revocation refuses in this process at once.
#include "identity/revocation/revocation_publisher.h"

#include <gtest/gtest.h>

#include "base/wait.h"
#include "identity/keys/test_kit.h"

namespace merlon::identity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::string ada = "019b76da-a800-7000-8000-000000000001";
const std::string session = "019b76da-a800-7000-8000-000000000002";

struct Fixture {
    bool refuses(std::int64_t version) const {
        tokens::AccessToken token;
        token.revocable.user = tokens::RevokedId::parse(ada);
        token.revocable.session = tokens::RevokedId::parse(session);
        token.version = version;
        return revocations.is_revoked(token);
    }
    void pass(std::chrono::seconds time) {
        clock.advance(time);
        for (std::size_t i = 0; i < tokens::Revocations::parts; ++i) revocations.sweep();
    }

    FakeClock clock;
    SystemEntropy entropy;
    tokens::Revocations revocations{clock};
    CurrentTokenPolicy policy{testing::make_policy(entropy, seconds{900}), [] {}};
    AccessTokens access_tokens{policy, clock};
    RevocationPublisher publisher{revocations, nullptr, access_tokens};
};

TEST(RevocationPublisher, AnEndedSessionIsRefusedUntilItsLastTokenHasExpired) {
    Fixture f;
    f.publisher.end_sessions({session});
    EXPECT_TRUE(f.refuses(1));
    f.pass(seconds{900});
    EXPECT_TRUE(f.refuses(1)) << "a request under way may have issued one meanwhile";
    f.pass(minutes{1} + seconds{1});
    EXPECT_FALSE(f.refuses(1));
}

TEST(RevocationPublisher, ARaisedVersionRefusesOlderTokensOnly) {
    Fixture f;
    EXPECT_TRUE(wait(f.publisher.raise_version(ada, 3, f.access_tokens.last_expiry())));
    EXPECT_TRUE(f.refuses(2));
    EXPECT_FALSE(f.refuses(3));
}

TEST(RevocationPublisher, WithoutRedisNothingIsWrittenThere) {
    Fixture f;
    EXPECT_TRUE(wait(f.publisher.write_token(ada, "no token")));
    EXPECT_TRUE(wait(f.publisher.write_version(ada, 3, f.clock.wall())));
    EXPECT_FALSE(f.refuses(1)) << "these are for services alone";
}

}  // namespace
}  // namespace merlon::identity
