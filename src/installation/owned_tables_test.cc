// What the scripts say that they make is what they make.
#include "installation/owned_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/wait.h"
#include "storage/copy/table_names.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::installation {
namespace {

class OwnedTablesTest : public testing::Test {
protected:
    std::set<std::string> tables_there() {
        const storage::Rows rows =
            wait(database_->query("SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                                  "name NOT LIKE 'sqlite_%' AND name <> 'schema_migrations'"))
                .value();
        std::set<std::string> names;
        for (std::size_t i = 0; i < rows.size(); ++i) names.insert(rows[i].text(0));
        return names;
    }
    void migrate(std::string_view role, std::span<const storage::Migration> migrations) {
        ASSERT_TRUE(wait(storage::migrate(*database_, clock_, role, migrations)));
    }

    storage::TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<storage::Database> database_ =
        storage::SqliteDatabase::open(folder_ / "test.db").value();
};

TEST_F(OwnedTablesTest, AreTheOnesThatTheMigrationsMake) {
    std::set<std::string> expected;
    for (const OwnedTables& owned : owned_tables(config::Settings{})) {
        migrate(owned.role, owned.migrations);
        for (const std::string& name : storage::table_names(owned.migrations)) {
            EXPECT_TRUE(expected.insert(name).second) << name << " is made by two parts";
        }
        EXPECT_EQ(tables_there(), expected) << owned.role;
    }
    EXPECT_TRUE(expected.contains("accounts") && expected.contains("event_outbox"));
}

TEST_F(OwnedTablesTest, HaveAnOutboxBesideThemInEveryDatabase) {
    config::Settings settings;
    const auto keep_apart = [&](std::string role, std::string path) {
        settings.store.roles[std::move(role)] = {"sqlite:" + path, storage::SqliteSettings{path}};
    };
    keep_apart("products", "data/shop.db");
    keep_apart("orders", "data/../data/shop.db");
    keep_apart("gateway", "data/refusals.db");
    std::vector<std::string> places;
    std::vector<std::string_view> names;
    for (const OwnedTables& owned : owned_tables(settings)) {
        if (owned.role != storage::outbox_role) continue;
        places.push_back(storage::name_of(owned.database));
        names.push_back(first_role_in(settings, owned.database));
    }
    EXPECT_EQ(places, (std::vector<std::string>{"sqlite:data/merlon.db", "sqlite:data/shop.db",
                                                "sqlite:data/refusals.db"}));
    EXPECT_EQ(names, (std::vector<std::string_view>{"auth", "products", "gateway"}));
}

TEST_F(OwnedTablesTest, MayBeDroppedAndRenamedByLaterMigrations) {
    const storage::Migration migrations[] = {
        {1, "a",
         "CREATE TABLE first (id INTEGER); -- CREATE TABLE comment (id INTEGER);\n"
         "CREATE TABLE IF NOT EXISTS second (id INTEGER)"},
        {2, "b", "ALTER TABLE first RENAME TO third; CREATE TABLE fourth (id INTEGER)"},
        {3, "c",
         "DROP TABLE IF EXISTS second; DROP TABLE fourth; "
         "ALTER TABLE third ADD COLUMN name TEXT; CREATE INDEX of_third ON third (id)"},
    };
    migrate("test", migrations);
    EXPECT_EQ(storage::table_names(migrations), std::vector<std::string>{"third"});
    EXPECT_EQ(tables_there(), std::set<std::string>{"third"});
}

}  // namespace
}  // namespace merlon::installation
