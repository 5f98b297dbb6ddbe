// The stores of auth, in a folder that goes with the test.
#pragma once

#include <gtest/gtest.h>

#include "identity/store/schema.h"
#include "sealing/key_store.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::identity::testing {

class StoresTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(wait(storage::migrate(*database_, clock_, storage::outbox_role,
                                          storage::outbox_migrations())));
        ASSERT_TRUE(wait(storage::migrate(*database_, clock_, auth_role, auth_migrations())));
    }

    storage::TemporaryFolder folder_;
    FakeClock clock_;
    SystemEntropy entropy_;
    std::unique_ptr<storage::SqliteDatabase> database_ =
        storage::SqliteDatabase::open(folder_ / "merlon.db").value();
    std::unique_ptr<storage::SqliteDatabase> key_database_ =
        storage::SqliteDatabase::open(folder_ / "keys.db").value();
    std::unique_ptr<sealing::KeyStore> keys_ =
        wait(
            sealing::KeyStore::open(*key_database_, clock_, entropy_, Secret(std::string(32, 'k'))))
            .value();
};

}  // namespace merlon::identity::testing
