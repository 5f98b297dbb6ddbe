// The accounts table against a database.
#include "identity/accounts.h"

#include <gtest/gtest.h>

#include "identity/schema.h"
#include "storage/sqlite_database.h"
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

    Result<> replace(const std::string& id, const std::string& judged, const std::string& next) {
        return wait(database_->transact_work([=](Transaction& transaction) {
            return Accounts::replace_password(transaction, id, judged, next);
        }));
    }

    std::string password() {
        return wait(database_->query("SELECT password FROM accounts")).value()[0].text(0);
    }

    storage::TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<storage::SqliteDatabase> database_ =
        storage::SqliteDatabase::open(folder_ / "merlon.db").value();
};

TEST_F(AccountsTable, APasswordIsReplacedOnlyWhileItIsTheOneThatWasJudged) {
    EXPECT_TRUE(replace("ada", "first hash", "second hash"));
    EXPECT_TRUE(replace("ada", "second hash", "second hash"));  // a login that renews nothing
    for (const auto& [id, judged] : {
             std::pair{"ada", "first hash"},  // judged before the change
             {"ada", ""},
             {"bob", "second hash"},
         }) {
        const Result<> late = replace(id, judged, "late hash");
        ASSERT_FALSE(late) << id << judged;
        EXPECT_EQ(late.error().rule, "account.changed");
    }
    EXPECT_EQ(password(), "second hash");
}

}  // namespace
}  // namespace merlon::identity
