// Tests of keys and sealed texts, against a key store on disk.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sealing/key_store.h"
#include "sealing/master_key.h"
#include "sealing/sealed_text.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::sealing {
namespace {

using storage::SqliteDatabase;
using storage::TemporaryFolder;

const std::string other_person = "b";

struct Fixture {
    TemporaryFolder folder;
    FakeClock clock;
    SystemEntropy entropy;
    std::unique_ptr<SqliteDatabase> database = SqliteDatabase::open(folder / "keys.db").value();

    Result<std::unique_ptr<KeyStore>> open(char fill = 'm') {
        return wait(
            KeyStore::open(*database, clock, entropy, Secret(std::string(master_key_bytes, fill))));
    }
};

TEST(SealedText, OpensOnlyInItsPlaceUnderItsKeyUnchanged) {
    SystemEntropy entropy;
    const auto key = crypto::AeadKey::generate(entropy);
    const auto other = crypto::AeadKey::generate(entropy);
    const Place place{"accounts.email", "1"};
    const std::string sealed = seal(key, place, "ada@example.com", entropy);
    EXPECT_EQ(open(key, place, sealed).value(), "ada@example.com");
    EXPECT_EQ(sealed.find("ada"), std::string::npos);
    EXPECT_NE(sealed, seal(key, place, "ada@example.com", entropy));  // a nonce of its own

    EXPECT_FALSE(open(other, place, sealed));
    EXPECT_FALSE(open(key, {"accounts.email", "2"}, sealed));
    EXPECT_FALSE(open(key, {"accounts.first_name", "1"}, sealed));
    EXPECT_FALSE(open(key, place, ""));
    EXPECT_FALSE(open(key, place, sealed.substr(0, 20)));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(open(key, place, changed).error().rule, "sealed.corrupt") << i;
    }
}

TEST(KeyStore, GivesAPersonTheSameKeyAfterARestartAndNobodyElseThat) {
    Fixture f;
    const Place place{"c", "r"};
    std::string sealed;
    {
        const auto store = f.open().value();
        const PersonKey key = wait(store->obtain("a", "auth")).value();
        sealed = seal(*key, place, "text", f.entropy);
        EXPECT_FALSE(open(*wait(store->obtain(other_person, "auth")).value(), place, sealed));
        EXPECT_FALSE(open(*wait(store->obtain("a", "users")).value(), place, sealed));
    }
    const auto store = f.open().value();
    EXPECT_EQ(open(*wait(store->find("a", "auth")).value(), place, sealed).value(), "text");
    EXPECT_EQ(wait(store->find("nobody", "auth")).error().rule, "keys.destroyed");
}

TEST(KeyStore, ForgetsADestroyedKeyEverywhere) {
    Fixture f;
    const auto store = f.open().value();
    ASSERT_TRUE(wait(store->obtain("a", "auth")));
    ASSERT_TRUE(wait(store->obtain(other_person, "auth")));
    ASSERT_TRUE(wait(store->destroy("a")));
    EXPECT_FALSE(wait(store->find("a", "auth")));
    EXPECT_TRUE(wait(store->find(other_person, "auth")));
    EXPECT_FALSE(wait(f.open().value()->find("a", "auth")));
}

TEST(KeyStore, RefusesAnotherMasterKeyAndDestroysNothing) {
    Fixture f;
    ASSERT_TRUE(wait(f.open().value()->obtain("a", "auth")));
    EXPECT_EQ(f.open('x').error().rule, "keys.master");
    EXPECT_TRUE(wait(f.open().value()->find("a", "auth")));
}

TEST(KeyStore, HasMoreKeysThanItHoldsInMemory) {
    Fixture f;
    const auto store = f.open().value();
    const PersonKey first = wait(store->obtain("0", "auth")).value();
    const std::string sealed = seal(*first, {"c", "r"}, "text", f.entropy);
    for (std::size_t i = 1; i <= KeyStore::cached_max; ++i) {
        ASSERT_TRUE(wait(store->obtain(std::to_string(i), "auth")));
    }
    EXPECT_EQ(open(*wait(store->find("0", "auth")).value(), {"c", "r"}, sealed).value(), "text");
}

TEST(KeyStore, IndexesEqualTextsEquallyAndOnlyUnderItsKey) {
    Fixture f;
    Fixture other;
    const auto store = f.open().value();
    EXPECT_EQ(store->blind_index("email", "a@b.c"),
              f.open().value()->blind_index("email", "a@b.c"));
    EXPECT_NE(store->blind_index("email", "a@b.c"), store->blind_index("email", "a@b.d"));
    EXPECT_NE(store->blind_index("email", "a@b.c"), store->blind_index("phone", "a@b.c"));
    EXPECT_NE(store->blind_index("email", "a@b.c"),
              other.open().value()->blind_index("email", "a@b.c"));
}

TEST(MasterKey, IsMadeOnceAndReadByItsOwnerOnly) {
    TemporaryFolder folder;
    SystemEntropy entropy;
    KeySettings settings;
    settings.master_path = folder / "data/master.key";
    const Secret made = load_master_key(settings, entropy).value();
    EXPECT_EQ(made.size(), master_key_bytes);
    EXPECT_EQ(load_master_key(settings, entropy)->reveal(), made.reveal());
    struct stat state{};
    ASSERT_EQ(::stat(settings.master_path.c_str(), &state), 0);
    EXPECT_EQ(state.st_mode & 0777, 0600U);
    ASSERT_EQ(::chmod(settings.master_path.c_str(), 0644), 0);
    EXPECT_EQ(load_master_key(settings, entropy).error().rule, "keys.master");
}

TEST(MasterKey, TakesThreeSpellingsAndRefusesWhatIsNo32Bytes) {
    SystemEntropy entropy;
    struct Case {
        std::string text;
        bool good;
    };
    const Case cases[] = {
        {std::string(64, 'a'), true},
        {std::string(64, 'a') + "\n", true},
        {std::string(43, 'A'), true},
        {std::string(32, '\x01'), true},
        {std::string(64, 'g'), false},
        {std::string(63, 'a'), false},
        {"short", false},
        {std::string(44, 'A'), false},
    };
    for (const auto& [text, good] : cases) {
        KeySettings settings;
        settings.master = Secret(text);
        EXPECT_EQ(load_master_key(settings, entropy).has_value(), good) << text;
    }
}

}  // namespace
}  // namespace merlon::sealing
