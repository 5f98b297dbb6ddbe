// Who has an account and no key.
#include "operations/backup/people.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::operations {
namespace {

using storage::Transaction;

Task<> fill(Transaction& transaction, std::set<std::string> accounts, std::set<std::string> keys) {
    MERLON_CO_TRY(co_await transaction.run_script(
        "CREATE TABLE accounts (id TEXT PRIMARY KEY);"
        "CREATE TABLE person_keys (person TEXT, role TEXT, PRIMARY KEY (person, role))"));
    for (const std::string& one : accounts) {
        MERLON_CO_TRY(co_await transaction.query("INSERT INTO accounts VALUES ($1)", {one}));
    }
    for (const std::string& one : keys) {
        MERLON_CO_TRY(
            co_await transaction.query("INSERT INTO person_keys VALUES ($1, 'auth')", {one}));
    }
    // Of another role: it opens nothing of the account.
    MERLON_CO_TRY(co_await transaction.query("INSERT INTO person_keys VALUES ('none', 'users')"));
    co_return Result<>{};
}

MissingKeys missing(const std::set<std::string>& accounts, const std::set<std::string>& keys) {
    const storage::TemporaryFolder folder;
    const auto database = storage::SqliteDatabase::open(folder / "test.db").value();
    EXPECT_TRUE(wait(database->transact_work(
        [=](Transaction& transaction) { return fill(transaction, accounts, keys); })));
    return wait(find_missing_keys(database.get(), database.get())).value();
}

TEST(MissingKeys, AreThoseOfAccountsOnly) {
    using Some = std::vector<std::string>;
    EXPECT_EQ(missing({}, {}).count, 0);
    EXPECT_EQ(missing({"b"}, {"a", "b", "c"}).count, 0);  // orphans harm nobody
    EXPECT_EQ(missing({"a", "c"}, {"b"}).some, (Some{"a", "c"}));
    EXPECT_EQ(missing({"none"}, {}).some, (Some{"none"}));
    EXPECT_EQ(missing({"1", "2", "3", "4", "5", "6"}, {"3"}).count, 5);
    EXPECT_EQ(missing({"1", "2", "3", "4", "5", "6", "7"}, {}).some.size(), 5U);
}

TEST(MissingKeys, AreFoundOverManyPages) {
    std::set<std::string> accounts;
    std::set<std::string> keys;
    for (int i = 0; i < 2'000; ++i) {
        accounts.insert(fmt::format("{:05}", i));
        if (i % 400 != 399) keys.insert(fmt::format("{:05}", i));
    }
    const MissingKeys found = missing(accounts, keys);
    EXPECT_EQ(found.accounts, 2'000);
    EXPECT_EQ(found.count, 5);
    EXPECT_EQ(found.some.front(), "00399");
}

}  // namespace
}  // namespace merlon::operations
