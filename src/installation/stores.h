// The databases of a process's roles, and the key store for those that seal what they keep.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "audit/event_list.h"
#include "config/settings.h"
#include "installation/role_set.h"
#include "installation/store_probe.h"
#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::installation {

// Whether one of the roles seals what it keeps, so that the process opens the key store.
bool needs_keys(const config::Settings& settings, const RoleSet& roles);

// Resource.
class Stores final {
public:
    // Opens what `roles` need and nothing else; roles of one database share its connections
    // (storage::is_same_access). Errors: "store.elsewhere" (Conflict: a role's tables are in
    // store.url and not in the database of its own), those of open_database(), migrate() of the
    // outbox, load_master_key() and KeyStore::open(); those about keys name the files and URLs for
    // the operator. Borrows clock, entropy and metrics for life.
    Result<> open(const config::Settings& settings, const RoleSet& roles, const Clock& clock,
                  Entropy& entropy, metrics::Registry& metrics);

    // Where the tables are of a role that is enabled and in this process; where auth is, the
    // gateway's, too.
    storage::Database& database_of(std::string_view role);
    // For the events that no change stores: the gateway's database where auth is, who keeps what
    // gateways send, else that of the process's first role. Null: none of its roles has tables.
    storage::Database* refusals();
    // Every database that is open, for the events in it, each once.
    const std::vector<audit::EventSource>& events() const { return events_; }
    // Of a process with auth or users; null in the others.
    sealing::KeyStore* keys() { return keys_.get(); }
    std::span<const std::unique_ptr<StoreProbe>> probes() const { return probes_; }

private:
    // One set of connections.
    struct Opened {
        std::string name;  // of its metric: data is store.url, others have their first role's name
        storage::DatabaseSettings settings;
        std::unique_ptr<storage::Database> database;
    };
    Result<> open_role(const storage::StoreSettings& store, std::string_view role,
                       const Clock& clock, Entropy& entropy);
    Result<> require_moved(const config::Settings& settings);
    Result<> open_outboxes(const config::Settings& settings, const Clock& clock);

    std::unique_ptr<storage::Database> key_database_;
    std::vector<Opened> opened_;
    std::map<std::string, storage::Database*, std::less<>> of_role_;
    std::vector<audit::EventSource> events_;
    std::unique_ptr<sealing::KeyStore> keys_;
    std::vector<std::unique_ptr<StoreProbe>> probes_;
};

}  // namespace merlon::installation
