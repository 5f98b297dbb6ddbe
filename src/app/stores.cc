// Opening, in the order of need.
#include "app/stores.h"

#include "base/wait.h"
#include "sealing/master_key.h"
#include "storage/open_database.h"
#include "storage/outbox.h"

namespace merlon::app {

Result<> Stores::open(const config::Settings& settings, const RoleSet& roles, const Clock& clock,
                      Entropy& entropy, metrics::Registry& metrics) {
    if (!roles.has_store()) return {};
    if (roles.auth || roles.users) {
        key_database_ = MERLON_TRY(storage::open_database(settings.keys.database));
    }
    database_ = MERLON_TRY(storage::open_database(settings.store.database));
    if (key_database_) {
        keys_ = MERLON_TRY(wait(
            sealing::KeyStore::open(*key_database_, clock, entropy,
                                    MERLON_TRY(sealing::load_master_key(settings.keys, entropy)))));
    }
    MERLON_TRY(wait(
        storage::migrate(*database_, clock, storage::outbox_role, storage::outbox_migrations())));
    probes_.push_back(std::make_unique<StoreProbe>("data", *database_, metrics));
    if (key_database_) {
        probes_.push_back(std::make_unique<StoreProbe>("keys", *key_database_, metrics));
    }
    return {};
}

}  // namespace merlon::app
