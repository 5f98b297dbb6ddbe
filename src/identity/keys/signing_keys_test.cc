// Tests the life cycle of signing keys, against their table.
#include "identity/keys/signing_keys.h"

#include <gtest/gtest.h>

#include "identity/keys/key_change.h"
#include "identity/store/schema.h"
#include "sealing/master_key.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::identity {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using tokens::Algorithm;
using tokens::jwks_max_age;
using tokens::Rings;

constexpr KeyPolicy policy{Algorithm::ES256, seconds{900}, hours{24}};

class KeptEvents final : public events::EventSink {
public:
    void write(const events::Event& event) override { written.push_back(event); }
    std::vector<events::Event> written;
};

struct Fixture {
    Fixture() {
        MERLON_ASSERT(wait(storage::migrate(*database, clock, storage::outbox_role,
                                            storage::outbox_migrations())));
        MERLON_ASSERT(wait(storage::migrate(*database, clock, auth_role, auth_migrations())));
    }

    Rings load(KeyPolicy with = policy) { return wait(keys.load(with)).value(); }
    Rings rotate(KeyStart start = KeyStart::Published) {
        return wait(keys.rotate(policy, start)).value();
    }
    std::string signer(const Rings& rings) const { return rings.access->signer(clock.wall()).kid; }

    storage::TemporaryFolder folder;
    FakeClock clock;
    SystemEntropy entropy;
    KeptEvents events;
    std::unique_ptr<storage::SqliteDatabase> database =
        storage::SqliteDatabase::open(folder / "merlon.db").value();
    std::unique_ptr<sealing::KeyStore> store =
        wait(sealing::KeyStore::open(*database, clock, entropy,
                                     Secret(std::string(sealing::master_key_bytes, 'm'))))
            .value();
    SigningKeys keys{*database, *store, events, clock, entropy};
};

TEST(SigningKeys, AreMadeOnceAndNoPlainKeyLiesOnTheDisk) {
    Fixture f;
    const std::string kid = f.signer(f.load());
    EXPECT_EQ(f.signer(f.load()), kid);
    EXPECT_TRUE(f.events.written.empty());
    EXPECT_TRUE(f.folder.all_bytes().contains(kid));
    // The object identifier of an elliptic curve's key, which every PKCS #8 of one holds.
    EXPECT_FALSE(f.folder.all_bytes().contains("\x2a\x86\x48\xce\x3d\x02\x01"));
}

TEST(SigningKeys, HandOverWhenTheNewOneIsKnownAndVerifyUntilTheirLastTokensEnd) {
    Fixture f;
    const std::string old = f.signer(f.load());
    f.rotate();
    EXPECT_EQ(f.events.written.size(), 1U);
    const Rings rings = f.load();
    const std::string fresh = rings.access->keys().front().kid;
    const std::string old_refresh = rings.refresh->keys().back().kid;
    const WallTime handover = f.clock.wall() + jwks_max_age;
    struct Case {
        WallTime at;
        std::string signer;
        bool verifies_access;
        bool verifies_refresh;
    };
    const Case cases[] = {
        {handover - seconds{1}, old, true, true},
        {handover, fresh, true, true},
        {handover + policy.access_ttl - seconds{1}, fresh, true, true},
        {handover + policy.access_ttl, fresh, false, true},
        {handover + policy.refresh_ttl - seconds{1}, fresh, false, true},
        {handover + policy.refresh_ttl, fresh, false, false},
    };
    for (const auto& [at, signer, verifies_access, verifies_refresh] : cases) {
        EXPECT_EQ(rings.access->signer(at).kid, signer);
        EXPECT_EQ(rings.refresh->signer(at).created_at, rings.access->signer(at).created_at);
        EXPECT_EQ(rings.access->find(old, at) != nullptr, verifies_access);
        EXPECT_EQ(rings.refresh->find(old_refresh, at) != nullptr, verifies_refresh);
        EXPECT_EQ(rings.former_refresh->find(old, at) != nullptr, verifies_refresh);
    }
}

// A refresh token under a published key would pass for an access token wherever `type` is not
// looked at.
TEST(SigningKeys, HaveKeysOfRefreshTokensThatAreTheirOwnAndNowhereElse) {
    Fixture f;
    f.load();
    const Rings rings = f.rotate();
    for (const auto& key : rings.refresh->keys()) {
        EXPECT_EQ(key.verify_key.algorithm(), Algorithm::HS256);
        EXPECT_EQ(rings.access->find(key.kid, f.clock.wall()), nullptr);
    }
    EXPECT_EQ(rings.refresh->jwks(f.clock.wall()), R"({"keys":[]})");
    const Rings again = f.load();
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(again.refresh->keys()[i].kid, rings.refresh->keys()[i].kid);
    }
    EXPECT_NE(rings.refresh->keys()[0].kid, rings.refresh->keys()[1].kid);
}

TEST(SigningKeys, OfAnotherAlgorithmTakeOverLikeARotation) {
    Fixture f;
    const std::string old = f.signer(f.load());
    const KeyPolicy changed{Algorithm::EdDSA, policy.access_ttl, policy.refresh_ttl};
    const Rings rings = f.load(changed);
    EXPECT_EQ(f.signer(rings), old);
    f.clock.advance(jwks_max_age);
    EXPECT_EQ(rings.access->signer(f.clock.wall()).key->algorithm(), Algorithm::EdDSA);
    EXPECT_NE(rings.former_refresh->find(old, f.clock.wall()), nullptr);
    EXPECT_EQ(f.load(changed).access->keys().size(), 2U);
}

TEST(SigningKeys, SignInTheOrderOfTheirMakingWhateverTheClockDoes) {
    Fixture f;
    f.load();
    f.rotate();
    const std::string emergency = f.rotate(KeyStart::AtOnce).access->keys().front().kid;
    EXPECT_EQ(f.signer(f.load()), emergency);
    f.clock.advance(jwks_max_age);  // the one that waited does not take over
    EXPECT_EQ(f.signer(f.load()), emergency);
    f.clock.jump_wall(-hours{2});
    const Rings rings = f.rotate(KeyStart::AtOnce);
    EXPECT_NE(f.signer(rings), emergency);
    EXPECT_FALSE(rings.access->signer(f.clock.wall()).retires_at);
}

TEST(SigningKeys, EndAtOnceUnlessTheySignOrAreAboutTo) {
    Fixture f;
    const std::string old = f.signer(f.load());
    const std::string fresh = f.rotate().access->keys().front().kid;
    for (const auto& [kid, rule] : {std::pair(old, "key.signs"), std::pair(fresh, "key.signs"),
                                    std::pair(std::string("' OR 1=1 --"), "key.absent"),
                                    std::pair(std::string(), "key.absent")}) {
        EXPECT_EQ(wait(f.keys.retire(kid)).error().rule, rule) << kid;
    }
    f.clock.advance(jwks_max_age);
    const Rings rings = wait(f.keys.retire(old)).value();
    EXPECT_EQ(rings.access->find(old, f.clock.wall()), nullptr);
    EXPECT_EQ(rings.former_refresh->find(old, f.clock.wall()), nullptr);
    EXPECT_EQ(rings.refresh->keys().size(), 1U);
    EXPECT_EQ(f.signer(f.load()), fresh);
}

TEST(SigningKeys, AreLimitedAndThoseThatVerifyNothingGoAway) {
    Fixture f;
    f.load();
    for (std::size_t i = 1; i < SigningKeys::keys_max; ++i) f.rotate(KeyStart::AtOnce);
    EXPECT_EQ(wait(f.keys.rotate(policy, KeyStart::AtOnce)).error().rule, "key.many");
    f.clock.advance(jwks_max_age + policy.refresh_ttl);
    EXPECT_EQ(f.rotate().access->keys().size(), 2U);
}

TEST(KeyChange, IsAloneUntilItEnds) {
    std::atomic<bool> changing{false};
    {
        const auto first = KeyChange::begin(changing);
        ASSERT_TRUE(first);
        EXPECT_EQ(KeyChange::begin(changing).error().rule, "key.changing");
    }
    EXPECT_TRUE(KeyChange::begin(changing));
}

}  // namespace
}  // namespace merlon::identity
