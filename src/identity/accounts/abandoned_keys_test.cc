// Which keys a sweep destroys, and which it never may.
#include "identity/accounts/abandoned_keys.h"

#include <gtest/gtest.h>

#include "identity/accounts/accounts.h"
#include "identity/store/test_kit.h"

namespace merlon::identity {
namespace {

using storage::Transaction;

class AbandonedKeysTest : public testing::StoresTest {
protected:
    SealedAccount seal(const std::string& id) {
        const wire::Email email = wire::Email::parse(id + "@example.com").value();
        return wait(accounts_.seal({.id = id, .role = "user", .password = "hash"}, email)).value();
    }
    Result<> store(const SealedAccount& sealed) {
        return wait(database_->transact_work(
            [sealed](Transaction& transaction) { return Accounts::insert(transaction, sealed); }));
    }
    bool has_key(const std::string& id) {
        return wait(keys_->find(id, std::string(auth_role))).has_value();
    }
    std::size_t pending() {
        return wait(sealing::pending_people::list(key_database_.get(), {}, 100)).value().size();
    }
    void sweep_twice() {
        for (int i = 0; i < 2; ++i) ASSERT_TRUE(wait(sweeper_.sweep()));
    }

    Accounts accounts_{*database_, *keys_, entropy_};
    AbandonedKeys sweeper_{*database_, *keys_, clock_};
};

TEST_F(AbandonedKeysTest, AKeyGoesWhenItsAccountNeverCame) {
    seal("ghost");
    ASSERT_TRUE(store(seal("ada")));
    EXPECT_EQ(pending(), 2U);
    sweep_twice();
    EXPECT_TRUE(has_key("ghost")) << "its registration may be under way";
    EXPECT_EQ(pending(), 1U) << "ada's account is there";
    clock_.advance(AbandonedKeys::least_age);
    sweep_twice();
    EXPECT_FALSE(has_key("ghost"));
    EXPECT_TRUE(has_key("ada"));
    EXPECT_EQ(pending(), 0U);
}

TEST_F(AbandonedKeysTest, AClockThatIsPutForwardCostsNoRegistrationItsKey) {
    const SealedAccount ada = seal("ada");
    clock_.jump_wall(std::chrono::hours{2});
    ASSERT_TRUE(wait(sweeper_.sweep()));
    EXPECT_TRUE(has_key("ada"));
    ASSERT_TRUE(store(ada));
    ASSERT_TRUE(wait(sweeper_.sweep()));
    EXPECT_TRUE(has_key("ada"));
    EXPECT_EQ(pending(), 0U);
}

TEST_F(AbandonedKeysTest, AKeyThatIsObtainedAgainIsNotTheOneThatASweepJudged) {
    const auto obtain = [&] {
        return wait(keys_->obtain_many_pending({"ada"}, std::string(auth_role))).value()[0];
    };
    obtain();
    const auto judged = wait(sealing::pending_people::list(key_database_.get(), {}, 1)).value()[0];
    clock_.advance(AbandonedKeys::least_age);
    ASSERT_TRUE(wait(sweeper_.sweep()));
    obtain();  // an import that was killed runs again, while the next sweep is under way
    ASSERT_TRUE(wait(keys_->destroy_pending(judged)));
    EXPECT_TRUE(has_key("ada"));
    ASSERT_TRUE(wait(sweeper_.sweep()));
    EXPECT_TRUE(has_key("ada")) << "it is not old any more";
    clock_.advance(AbandonedKeys::least_age);
    sweep_twice();
    EXPECT_FALSE(has_key("ada"));
}

TEST_F(AbandonedKeysTest, ADataStoreFromBeforePeopleCameCostsThemNoKeys) {
    ASSERT_TRUE(store(seal("ada")));
    sweep_twice();
    ASSERT_TRUE(wait(database_->transact_work(storage::script("DELETE FROM accounts"))));
    clock_.advance(std::chrono::hours{48});
    sweep_twice();
    EXPECT_TRUE(has_key("ada"));
}

TEST_F(AbandonedKeysTest, OnlyARefusalOfTheWorkDiscardsAKeyAtOnce) {
    seal("ada");
    for (const std::string_view rule :
         {storage::in_doubt_rule, std::string_view("storage.unavailable"), storage::schema_rule}) {
        ASSERT_TRUE(wait(accounts_.discard_key("ada", {Kind::Unavailable, rule, {}, {}})));
        EXPECT_TRUE(has_key("ada")) << rule;
    }
    ASSERT_TRUE(
        wait(accounts_.discard_key("ada", {Kind::Conflict, Accounts::email_taken, {}, {}})));
    EXPECT_FALSE(has_key("ada"));
    EXPECT_EQ(pending(), 0U);
}

}  // namespace
}  // namespace merlon::identity
