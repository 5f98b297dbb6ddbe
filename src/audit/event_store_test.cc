// Events that no change stores: sealed, bounded, each once, whatever the store does meanwhile.
#include "audit/event_store.h"

#include <gtest/gtest.h>

#include "sealing/master_key.h"
#include "sealing/sealed_text.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::audit {
namespace {

constexpr const char* ada = "550e8400-e29b-41d4-a716-446655440000";
constexpr const char* client = "203.0.113.7";

class Recorder final : public events::EventSink {
public:
    void write(const events::Event& event) override { written.push_back(event); }
    std::vector<events::Event> written;
};

struct EventStoreTest : testing::Test {
    void SetUp() override {
        ASSERT_TRUE(wait(storage::migrate(*database, clock, storage::outbox_role,
                                          storage::outbox_migrations())));
    }

    void refuse(std::string user_id, std::string ip = client) {
        store.write({events::Type::UnauthorizedAccess,
                     events::Severity::Critical,
                     clock.wall(),
                     std::move(user_id),
                     std::move(ip),
                     {{"route", "/api/products/{id}"}},
                     7});
    }
    Result<bool> store_batch() {
        return wait(store.store([this](std::vector<events::Event> batch) {
            return keep_events(database.get(), keys.get(), &entropy, std::move(batch));
        }));
    }
    storage::Rows stored() {
        return wait(database->query("SELECT event, sealed_ip FROM event_outbox ORDER BY id"))
            .value();
    }
    std::uint64_t not_stored() {
        return metrics.counter("merlon_security_events_not_stored", "").value();
    }

    storage::TemporaryFolder folder;
    FakeClock clock;
    SystemEntropy entropy;
    metrics::Registry metrics;
    Recorder log;
    std::unique_ptr<storage::SqliteDatabase> database =
        storage::SqliteDatabase::open(folder / "merlon.db").value();
    std::unique_ptr<storage::SqliteDatabase> key_database =
        storage::SqliteDatabase::open(folder / "keys.db").value();
    std::unique_ptr<sealing::KeyStore> keys =
        wait(sealing::KeyStore::open(*key_database, clock, entropy,
                                     Secret(std::string(sealing::master_key_bytes, 'm'))))
            .value();
    EventStore store{log, metrics};
};

TEST_F(EventStoreTest, LogsAtOnceAndStoresOnce) {
    refuse(ada);
    EXPECT_EQ(log.written.size(), 1U);
    EXPECT_EQ(log.written[0].ip, client);
    EXPECT_EQ(store_batch(), false);
    EXPECT_EQ(store_batch(), false);
    ASSERT_EQ(stored().size(), 1U);
    const std::string event(stored()[0].text(0));
    for (const char* part : {"UNAUTHORIZED_ACCESS", "critical", ada, R"("count":7)"}) {
        EXPECT_NE(event.find(part), std::string::npos) << event;
    }
}

TEST_F(EventStoreTest, SealsTheClientUnderThePersonsKeyOrElseTheInstallations) {
    refuse(ada);
    refuse("");
    refuse("", "");
    ASSERT_EQ(store_batch(), false);
    EXPECT_EQ(folder.all_bytes().find(client), std::string::npos);
    const storage::Rows rows = stored();
    ASSERT_EQ(rows.size(), 3U);
    const auto adas = wait(keys->find(ada, "gateway")).value();
    EXPECT_EQ(sealing::open(*adas, {"event_outbox.sealed_ip", ada}, rows[0].blob(1)), client);
    EXPECT_EQ(sealing::open(keys->root(), {"event_outbox.sealed_ip", ""}, rows[1].blob(1)), client);
    EXPECT_TRUE(rows[2].is_null(1));

    ASSERT_TRUE(wait(keys->destroy(ada)));
    EXPECT_FALSE(wait(keys->find(ada, "gateway")));
}

TEST_F(EventStoreTest, KeepsWhatCouldNotBeStoredForTheNextTime) {
    refuse(ada);
    ASSERT_TRUE(wait(
        database->transact_work(storage::script("ALTER TABLE event_outbox RENAME TO moved_away"))));
    EXPECT_FALSE(store_batch());
    refuse("");
    ASSERT_TRUE(wait(
        database->transact_work(storage::script("ALTER TABLE moved_away RENAME TO event_outbox"))));
    EXPECT_EQ(store_batch(), false);
    EXPECT_EQ(stored().size(), 2U);
}

TEST_F(EventStoreTest, IsNotHeldUpByADamagedKey) {
    refuse(ada);
    ASSERT_TRUE(wait(keys->obtain(ada, "gateway")));
    ASSERT_TRUE(wait(
        key_database->transact_work(storage::script("UPDATE person_keys SET wrapped = x'00'"))));
    keys = wait(sealing::KeyStore::open(*key_database, clock, entropy,
                                        Secret(std::string(sealing::master_key_bytes, 'm'))))
               .value();  // nothing cached
    refuse("");
    EXPECT_EQ(store_batch(), false);
    ASSERT_EQ(stored().size(), 2U);
    EXPECT_TRUE(stored()[0].is_null(1));
}

TEST_F(EventStoreTest, OfAFloodStoresABatchATimeAndCountsWhatItDrops) {
    for (std::size_t i = 0; i < EventStore::waiting_max + 3; ++i) refuse("");
    EXPECT_EQ(log.written.size(), EventStore::waiting_max + 3);
    EXPECT_EQ(not_stored(), 3U * 7U);
    EXPECT_EQ(store_batch(), true);
    EXPECT_EQ(stored().size(), EventStore::batch_max);
    while (store_batch() == true) {
    }
    EXPECT_EQ(stored().size(), EventStore::waiting_max);
}

}  // namespace
}  // namespace merlon::audit
