// The accounts table against a database.
#include "identity/accounts/accounts.h"

#include <gtest/gtest.h>

#include "identity/accounts/account_counts.h"
#include "identity/revocation/revocation_table.h"
#include "identity/store/schema.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::identity {
namespace {

using storage::Transaction;

class AccountsTable : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(
            wait(storage::migrate(*database_, clock_, auth_role, std::span(auth_migrations()))));
        const SealedAccount ada{"ada", "index", "", "", "", "user", "first hash", 0};
        ASSERT_TRUE(wait(database_->transact_work(
            [ada](Transaction& transaction) { return Accounts::insert(transaction, ada); })));
    }

    Result<> replace(const AccountState& verified, const std::string& next) {
        return wait(database_->transact_work([=](Transaction& transaction) {
            return Accounts::replace_password(transaction, verified, next);
        }));
    }

    Result<> require_unchanged(const AccountState& verified) {
        return wait(database_->transact_work([=](Transaction& transaction) {
            return Accounts::require_unchanged(transaction, verified);
        }));
    }

    std::string password() {
        return wait(database_->query("SELECT password FROM accounts")).value()[0].text(0);
    }

    storage::TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<storage::SqliteDatabase> database_ =
        storage::SqliteDatabase::open(folder_ / "merlon.db").value();
    std::unique_ptr<storage::SqliteDatabase> key_database_ =
        storage::SqliteDatabase::open(folder_ / "keys.db").value();
    SystemEntropy entropy_;
    std::unique_ptr<sealing::KeyStore> keys_ =
        wait(
            sealing::KeyStore::open(*key_database_, clock_, entropy_, Secret(std::string(32, 'k'))))
            .value();
    Accounts accounts_{*database_, *keys_, entropy_};
};

TEST_F(AccountsTable, APasswordCountsOnlyWhileTheAccountIsAsItWasVerified) {
    EXPECT_TRUE(require_unchanged({"ada", "first hash", 1}));
    EXPECT_TRUE(replace({"ada", "first hash", 1}, "second hash"));
    EXPECT_TRUE(require_unchanged({"ada", "second hash", 1}));
    ASSERT_TRUE(wait(database_->transact<std::optional<std::int64_t>>([](Transaction& transaction) {
        return revocation_table::raise_token_version(&transaction, "ada");
    })));
    for (const AccountState& verified : {
             AccountState{"ada", "first hash", 2},   // verified before another was set
             AccountState{"ada", "second hash", 1},  // verified before the sessions were ended
             AccountState{"ada", "", 2},
             AccountState{"bob", "second hash", 2},
         }) {
        for (const Result<>& late : {replace(verified, "late hash"), require_unchanged(verified)}) {
            ASSERT_FALSE(late) << verified.id << verified.password << verified.version;
            EXPECT_EQ(late.error().rule, "account.changed");
        }
    }
    EXPECT_EQ(password(), "second hash");
    EXPECT_TRUE(replace({"ada", "second hash", 2}, "third hash"));
}

TEST_F(AccountsTable, WhatAPasswordIsVerifiedByNeedsNobodysKey) {
    const wire::Email email = wire::Email::parse("grace@example.com").value();
    const SealedAccount sealed =
        wait(accounts_.seal({.id = "grace", .role = "user", .password = "hash"}, email)).value();
    ASSERT_TRUE(wait(database_->transact_work(
        [sealed](Transaction& transaction) { return Accounts::insert(transaction, sealed); })));
    EXPECT_EQ(wait(accounts_.find("grace")).value()->email, "grace@example.com");

    ASSERT_TRUE(wait(keys_->destroy("grace")));
    const Account unreadable = wait(accounts_.find("grace")).value().value();
    EXPECT_FALSE(unreadable.is_readable);
    EXPECT_EQ(unreadable.email, "");
    EXPECT_EQ(unreadable.role, "user");
    EXPECT_EQ(wait(accounts_.require_readable("grace")).error().rule, "keys.destroyed");
    const Credentials found = wait(accounts_.find_by_email(email)).value().value();
    EXPECT_EQ(found.sealed.id, "grace");
    EXPECT_EQ(found.sealed.password, "hash");
    EXPECT_EQ(found.sealed.version, 1);
    EXPECT_FALSE(found.sealed.is_locked);
    EXPECT_EQ(wait(accounts_.open(found.sealed)).error().rule, "keys.destroyed");
}

TEST_F(AccountsTable, AnAddressIsFreeAgainWhenItsAccountHasLostItsKey) {
    const wire::Email email = wire::Email::parse("grace@example.com").value();
    const auto seal = [&](const std::string& id) {
        return wait(accounts_.seal({.id = id, .role = "user", .password = "hash"}, email)).value();
    };
    const auto insert = [&](const SealedAccount& sealed) {
        return wait(database_->transact_work(
            [sealed](Transaction& transaction) { return Accounts::insert(transaction, sealed); }));
    };
    EXPECT_FALSE(wait(accounts_.require_free(email)).value().has_value());
    ASSERT_TRUE(insert(seal("grace")));
    EXPECT_EQ(wait(accounts_.require_free(email)).error().rule, "account.email_taken");
    ASSERT_TRUE(wait(keys_->destroy("grace")));
    const AbandonedAddress abandoned = wait(accounts_.require_free(email)).value().value();
    EXPECT_EQ(abandoned.account_id, "grace");
    EXPECT_EQ(insert(seal("again")).error().rule, "account.email_taken");
    ASSERT_TRUE(wait(database_->transact_work([abandoned](Transaction& transaction) {
        return Accounts::release(transaction, abandoned);
    })));
    EXPECT_FALSE(wait(accounts_.find_by_email(email)).value().has_value());
    EXPECT_TRUE(wait(accounts_.find("grace")).value().has_value()) << "the row stays";
    EXPECT_TRUE(insert(seal("once more")));
}

TEST_F(AccountsTable, AnAccountThatIsNotThereIsNothingToFindAndAnErrorToRequire) {
    EXPECT_EQ(wait(accounts_.find("bob")).value().has_value(), false);
    EXPECT_EQ(wait(accounts_.require("bob")).error().rule, "account.absent");
    const wire::Email email = wire::Email::parse("bob@example.com").value();
    EXPECT_FALSE(wait(accounts_.find_by_email(email)).value().has_value());
}

TEST_F(AccountsTable, TheAccountsOfARoleAreCountedAsTheyChange) {
    const auto set_role = [&](const std::string& from, const std::string& to) {
        return wait(database_->transact_work([=](Transaction& transaction) {
            return Accounts::set_role(transaction, "ada", from, to);
        }));
    };
    const auto count_of = [&](const std::string& role) {
        return wait(account_counts::of_role(database_.get(), role)).value();
    };
    EXPECT_EQ(count_of("user"), 1);
    ASSERT_TRUE(set_role("user", "admin"));
    EXPECT_EQ(count_of("user"), 0);
    EXPECT_EQ(count_of("admin"), 1);
    const Result<> late = set_role("user", "moderator");  // another admin was faster
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().rule, "account.changed");
    EXPECT_EQ(count_of("admin"), 1);
    EXPECT_EQ(count_of("moderator"), 0);
    EXPECT_EQ(wait(account_counts::of_all(database_.get())).value(), 1);

    ASSERT_TRUE(wait(account_counts::fold(database_.get())));
    ASSERT_TRUE(set_role("admin", "user"));
    EXPECT_EQ(count_of("admin"), 0);
    EXPECT_EQ(count_of("user"), 1);
    EXPECT_EQ(wait(account_counts::of_all(database_.get())).value(), 1);
}

}  // namespace
}  // namespace merlon::identity
