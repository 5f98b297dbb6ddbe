// What one person may do with the account of another.
#include "identity/accounts/account_administration.h"

#include <gtest/gtest.h>

#include "identity/accounts/account_lookup.h"
#include "identity/keys/test_kit.h"
#include "identity/store/test_kit.h"

namespace merlon::identity {
namespace {

class RecordingEvents final : public events::EventSink {
public:
    void write(const events::Event& event) override { written.push_back(event); }
    std::vector<events::Event> written;
};

class Administration : public testing::StoresTest {
protected:
    void SetUp() override {
        StoresTest::SetUp();
        const std::string printed = wait(administration_.make_first_admin()).value();
        ASSERT_TRUE(printed.starts_with("admin@merlon.local ")) << printed;
        admin_id_ = wait(lookup_.require_id(email("admin@merlon.local"))).value();
    }

    static wire::Email email(std::string_view text) { return wire::Email::parse(text).value(); }
    static access::User user(const std::string& id, const std::string& role) {
        return access::User::make(id, role, "203.0.113.7").value();
    }
    // The rule that creating an account breaks; empty: it was created.
    std::string_view create(const char* address, const std::string& role, access::Actor by) {
        const auto made = wait(administration_.create(
            {email(address), Secret("Horse$Battery9"), "Grace", "Hopper"}, role, std::move(by)));
        return made ? std::string_view() : made.error().rule;
    }
    std::string_view change(const std::string& id, AccountChange change, access::Actor by) {
        const auto made = wait(administration_.change(id, std::move(change), std::move(by)));
        return made ? std::string_view() : made.error().rule;
    }
    void set_password(const std::string& id, const std::string& hash) {
        ASSERT_TRUE(wait(database_->transact_work([=](storage::Transaction& transaction) {
            return Accounts::set_password(transaction, id, hash);
        })));
    }

    SystemClock machine_clock_;  // of the threads that hash
    metrics::Registry metrics_;
    RecordingEvents sink_;
    tokens::Revocations revocations_{clock_};
    CurrentTokenPolicy policy_{testing::make_policy(entropy_, std::chrono::seconds{900}), [] {}};
    AccessTokens access_tokens_{policy_, clock_};
    RevocationPublisher publisher_{revocations_, nullptr, access_tokens_};
    PasswordPool passwords_{{.bcrypt_cost = 4}, machine_clock_, entropy_, metrics_};
    AccountEvents events_{sink_, *keys_, clock_, entropy_};
    Accounts accounts_{*database_, *keys_, entropy_};
    AccountLookup lookup_{*database_, accounts_, policy_};
    AccountAdministration administration_{*database_, accounts_,      passwords_,
                                          events_,    access_tokens_, policy_,
                                          publisher_, clock_,         entropy_};
    std::string admin_id_;
};

TEST_F(Administration, TheFirstAdminIsMadeOnce) {
    EXPECT_EQ(wait(administration_.make_first_admin()).value(), "");
}

TEST_F(Administration, TheFirstAdminIsMadeUnlessOneCanSignInOrWasLockedByAnOperator) {
    const auto make = [&] { return wait(administration_.make_first_admin()); };
    ASSERT_TRUE(wait(keys_->destroy(admin_id_)));
    EXPECT_TRUE(make().value().starts_with("admin@merlon.local "))
        << "the key of the one who had the address is gone";
    const std::string second = wait(lookup_.require_id(email("admin@merlon.local"))).value();
    EXPECT_NE(second, admin_id_);
    ASSERT_EQ(make().value(), "");
    set_password(second, "");
    EXPECT_EQ(make().error().rule, "account.no_admin") << "somebody else's key opens the address";
    set_password(second, "hash");
    ASSERT_EQ(change(second, {.is_locked = true, .may_leave_no_admin = true}, user("ada", "admin")),
              "");
    EXPECT_EQ(make().error().rule, "account.no_admin") << "a start undoes nobody's lock";
}

TEST_F(Administration, AnAdminWhoCannotSignInIsNotTheOneWhoIsLeft) {
    ASSERT_EQ(create("a@example.com", "admin", user("ada", "admin")), "");
    const std::string other = wait(lookup_.require_id(email("a@example.com"))).value();
    const AccountChange changes[] = {{.is_locked = true}, {.role = "user"}};
    set_password(other, "");
    for (const AccountChange& one : changes) {
        EXPECT_EQ(change(admin_id_, one, user("ada", "admin")), "account.last_admin");
    }
    set_password(other, "hash");
    EXPECT_EQ(change(other, {.is_locked = true}, user("ada", "admin")), "");
    EXPECT_EQ(change(other, {.is_locked = false}, user("ada", "admin")), "");
    ASSERT_TRUE(wait(keys_->destroy(other)));
    for (const AccountChange& one : changes) {
        EXPECT_EQ(change(admin_id_, one, user("ada", "admin")), "account.last_admin");
    }
    EXPECT_EQ(change(other, {.is_locked = true}, user("ada", "admin")), "")
        << "who cannot sign in leaves nobody behind";
    ASSERT_TRUE(wait(keys_->destroy(admin_id_)));
    EXPECT_EQ(change(admin_id_, {.role = "user"}, user("ada", "admin")), "");
}

TEST_F(Administration, NobodyAssignsARoleThatMayDoMoreThanTheirs) {
    EXPECT_EQ(create("a@example.com", "admin", user("ada", "moderator")), "access.denied");
    EXPECT_EQ(create("a@example.com", "user", user("ada", "nobody")), "access.denied");
    EXPECT_EQ(create("a@example.com", "king", user("ada", "admin")), "schema.violation");
    EXPECT_EQ(create("a@example.com", "admin", user("ada", "admin")), "");
    EXPECT_EQ(create("A@example.com", "user", user("ada", "admin")), "account.email_taken");
    ASSERT_EQ(sink_.written.size(), 1U) << "refusals are no events of accounts";
    EXPECT_EQ(sink_.written[0].type, events::Type::Registered);
    EXPECT_EQ(sink_.written[0].details.back(), std::pair(std::string("by"), std::string("ada")));
}

TEST_F(Administration, NobodyChangesAnAccountThatMayDoMoreThanTheirsOrTheirOwn) {
    EXPECT_EQ(change(admin_id_, {.is_locked = true}, user("ada", "moderator")), "access.denied");
    EXPECT_EQ(change(admin_id_, {.role = "user"}, user(admin_id_, "admin")), "account.own");
    EXPECT_EQ(change("no account", {.is_locked = true}, user("ada", "admin")), "account.absent");
    EXPECT_TRUE(sink_.written.empty());
}

TEST_F(Administration, AnotherRoleAndALockEndTheAccountsTokens) {
    ASSERT_EQ(create("a@example.com", "user", user("ada", "admin")), "");
    const std::string id = wait(lookup_.require_id(email("a@example.com"))).value();
    const auto is_revoked = [&](std::int64_t version) {
        tokens::AccessToken token;
        token.revocable.user = tokens::RevokedId::parse(id);
        token.version = version;
        return revocations_.is_revoked(token);
    };
    EXPECT_EQ(change(id, {.role = "moderator"}, user("ada", "admin")), "");
    EXPECT_TRUE(is_revoked(1));
    EXPECT_FALSE(is_revoked(2));
    EXPECT_EQ(change(id, {.is_locked = true}, user("ada", "admin")), "");
    EXPECT_TRUE(is_revoked(2));
    EXPECT_EQ(change(id, {.is_locked = false}, user("ada", "admin")), "");
    EXPECT_FALSE(is_revoked(3)) << "an unlocked account stays signed in";
}

}  // namespace
}  // namespace merlon::identity
