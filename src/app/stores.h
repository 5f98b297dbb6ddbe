// The databases of a process's roles, and the key store for those that seal what they keep.
#pragma once

#include <memory>
#include <vector>

#include "app/role_set.h"
#include "app/store_probe.h"
#include "config/settings.h"
#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::app {

// Resource.
class Stores final {
public:
    // Opens what `roles` need. Errors: those of open_database(), load_master_key() and
    // KeyStore::open(); those about keys name the files and URLs for the operator.
    Result<> open(const config::Settings& settings, const RoleSet& roles, const Clock& clock,
                  Entropy& entropy, metrics::Registry& metrics);

    // Of a process that has roles with a store.
    storage::Database& database() { return *database_; }
    storage::Database* database_or_null() { return database_.get(); }
    // Of a process with auth or users; null in the others.
    sealing::KeyStore* keys() { return keys_.get(); }
    std::span<const std::unique_ptr<StoreProbe>> probes() const { return probes_; }

private:
    std::unique_ptr<storage::Database> key_database_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<sealing::KeyStore> keys_;
    std::vector<std::unique_ptr<StoreProbe>> probes_;
};

}  // namespace merlon::app
