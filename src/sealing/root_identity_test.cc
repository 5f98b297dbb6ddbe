// What a key store and its master key are called.
#include "sealing/root_identity.h"

#include <gtest/gtest.h>

#include "sealing/key_store.h"
#include "sealing/master_key.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::sealing {
namespace {

Secret master(char fill) { return Secret(std::string(master_key_bytes, fill)); }

struct Fixture {
    storage::TemporaryFolder folder;
    SystemClock clock;
    SystemEntropy entropy;
    std::unique_ptr<storage::Database> database =
        storage::SqliteDatabase::open(folder / "keys.db").value();

    void open() { EXPECT_TRUE(wait(KeyStore::open(*database, clock, entropy, master('m')))); }
    Result<RootIdentity> identify(char fill) {
        const Secret key = master(fill);
        return wait(identify_root(database.get(), &key));
    }
};

TEST(RootIdentity, IsTheStoresOwnAndStays) {
    Fixture one;
    Fixture other;
    one.open();
    other.open();
    const RootIdentity first = one.identify('m').value();
    one.open();
    EXPECT_EQ(one.identify('m').value().store, first.store);
    EXPECT_NE(other.identify('m').value().store, first.store);
    EXPECT_EQ(other.identify('m').value().master, first.master);
    EXPECT_EQ(first.master, master_key_id(master('m')));
    EXPECT_NE(first.master, master_key_id(master('n')));
    EXPECT_EQ(first.master.size(), 32U);
}

TEST(RootIdentity, NeedsTheMasterKeyAndMakesNothing) {
    Fixture one;
    EXPECT_FALSE(one.identify('m'));  // no tables
    one.open();
    EXPECT_EQ(one.identify('x').error().rule, master_key_rule);
    EXPECT_TRUE(wait(one.database->transact_work(storage::script("DELETE FROM root_keys"))));
    EXPECT_EQ(one.identify('m').error().rule, key_destroyed_rule);
}

TEST(MasterKey, IsNotMadeWhereItIsLookedFor) {
    const storage::TemporaryFolder folder;
    SystemEntropy entropy;
    KeySettings settings;
    settings.master_path = (folder / "new/master.key").string();
    EXPECT_EQ(find_master_key(settings).error().kind, Kind::Unavailable);
    EXPECT_FALSE(std::filesystem::exists(folder / "new"));
    const Secret made = load_master_key(settings, entropy).value();
    EXPECT_EQ(find_master_key(settings).value().reveal(), made.reveal());
}

}  // namespace
}  // namespace merlon::sealing
