// Which databases a process opens, and who finds what in them.
#include "installation/stores.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/wait.h"
#include "orders/order_store.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::installation {
namespace {

const RoleSet everything = RoleSet::whole(roles::all());

class StoresTest : public testing::Test {
protected:
    StoresTest() {
        settings_.store.database = file("merlon.db");
        settings_.keys.database = file("keys.db");
        settings_.keys.master_path = folder_ / "master.key";
        for (const char* role : {"orders", "gateway"}) {
            settings_.store.roles[role].database = file(std::string(role) + ".db");
        }
    }
    storage::SqliteSettings file(const std::string& name) const { return {folder_ / name}; }
    Stores& open(RoleSet roles) {
        EXPECT_TRUE(stores_.open(settings_, roles, clock_, entropy_, metrics_));
        return stores_;
    }
    std::set<std::string> files() const {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            if (entry.path().extension() == ".db") names.insert(entry.path().stem());
        }
        return names;
    }

    storage::TemporaryFolder folder_;
    config::Settings settings_;
    FakeClock clock_;
    SystemEntropy entropy_;
    metrics::Registry metrics_;
    Stores stores_;
};

TEST_F(StoresTest, OfAllRolesAreAllThatTheyName) {
    Stores& stores = open(everything);
    EXPECT_EQ(files(), (std::set<std::string>{"merlon", "keys", "orders", "gateway"}));
    EXPECT_EQ(&stores.database_of("auth"), &stores.database_of("products"));
    EXPECT_NE(&stores.database_of("auth"), &stores.database_of("orders"));
    EXPECT_EQ(stores.refusals(), &stores.database_of("gateway"));
    EXPECT_EQ(stores.events().size(), 3U);
    EXPECT_EQ(stores.probes().size(), 4U);
}

// Somebody wrote store.roles into the configuration of a store that was in use.
TEST_F(StoresTest, AreNotOpenedWhereARolesTablesWereLeftBehind) {
    const auto orders = orders::orders_migrations();
    const auto make_orders_in = [&](const char* name) {
        const auto database = storage::SqliteDatabase::open(folder_ / name).value();
        ASSERT_TRUE(wait(storage::migrate(*database, clock_, orders::orders_role, orders)));
    };
    make_orders_in("merlon.db");
    const auto refused = Stores().open(settings_, everything, clock_, entropy_, metrics_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "store.elsewhere");
    make_orders_in("orders.db");  // moved, or begun anew
    open(everything);
}

TEST_F(StoresTest, OfOneRoleAreItsOwnAndNoKeys) {
    Stores& stores = open(RoleSet::only("orders"));
    EXPECT_EQ(files(), std::set<std::string>{"orders"});
    EXPECT_EQ(stores.refusals(), &stores.database_of("orders"));
    EXPECT_EQ(stores.keys(), nullptr);
}

// Auth keeps what gateways send it.
TEST_F(StoresTest, OfAuthAreTheGatewaysToo) {
    open(RoleSet::only("auth"));
    EXPECT_EQ(files(), (std::set<std::string>{"merlon", "keys", "gateway"}));
}

TEST_F(StoresTest, OfAGatewayAreNone) {
    EXPECT_EQ(open(RoleSet::only("gateway")).refusals(), nullptr);
    EXPECT_TRUE(files().empty());
}

TEST_F(StoresTest, OfADisabledRoleAreNone) {
    settings_.gateway.built_in.left_out.insert("orders");
    EXPECT_EQ(open(RoleSet::only("orders")).refusals(), nullptr);
    EXPECT_TRUE(files().empty());
}

}  // namespace
}  // namespace merlon::installation
