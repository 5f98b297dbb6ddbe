// Opening, in the order of need.
#include "installation/stores.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/wait.h"
#include "identity/store/schema.h"
#include "installation/owned_tables.h"
#include "rpc/names.h"
#include "sealing/master_key.h"
#include "storage/open/open_database.h"
#include "storage/outbox.h"

namespace merlon::installation {
namespace {

// A gateway has no database: where it runs apart from auth, it sends its events there.
bool needs(const RoleSet& roles, std::string_view role) {
    return roles.has(role == rpc::gateway_name ? identity::auth_role : role);
}

}  // namespace

bool needs_keys(const config::Settings& settings, const RoleSet& roles) {
    return std::ranges::any_of(enabled_roles(settings), [&](const rpc::RoleDefinition* role) {
        return roles.has(role->name) && !role->personal_data.empty();
    });
}

Result<> Stores::open(const config::Settings& settings, const RoleSet& roles, const Clock& clock,
                      Entropy& entropy, metrics::Registry& metrics) {
    if (needs_keys(settings, roles)) {
        key_database_ = MERLON_TRY(storage::open_database(settings.keys.database, clock, entropy));
    }
    for (const std::string_view role : roles_with_data(settings)) {
        if (needs(roles, role)) MERLON_TRY(open_role(settings.store, role, clock, entropy));
    }
    MERLON_TRY(require_moved(settings));
    if (key_database_) {
        keys_ = MERLON_TRY(wait(
            sealing::KeyStore::open(*key_database_, clock, entropy,
                                    MERLON_TRY(sealing::load_master_key(settings.keys, entropy)))));
    }
    MERLON_TRY(open_outboxes(settings, clock));
    for (const Opened& one : opened_) {
        probes_.push_back(std::make_unique<StoreProbe>(one.name, *one.database, metrics));
    }
    if (key_database_) {
        probes_.push_back(std::make_unique<StoreProbe>("keys", *key_database_, metrics));
    }
    return {};
}

Result<> Stores::open_role(const storage::StoreSettings& store, std::string_view role,
                           const Clock& clock, Entropy& entropy) {
    const storage::DatabaseSettings& wanted = store.database_of(role);
    auto found = std::ranges::find_if(
        opened_, [&](const Opened& one) { return storage::is_same_access(one.settings, wanted); });
    if (found == opened_.end()) {
        const bool is_shared_one = storage::is_same_access(wanted, store.database);
        opened_.push_back({is_shared_one ? "data" : std::string(role), wanted,
                           MERLON_TRY(storage::open_database(wanted, clock, entropy))});
        found = opened_.end() - 1;
    }
    of_role_.emplace(role, found->database.get());
    return {};
}

// A role that was told to be elsewhere begins with nothing there, and nobody who looks for their
// orders could tell why. Asked where store.url is open anyway.
Result<> Stores::require_moved(const config::Settings& settings) {
    const storage::DatabaseSettings& common = settings.store.database;
    const auto before = std::ranges::find_if(opened_, [&](const Opened& one) {
        return storage::is_same_database(one.settings, common);
    });
    if (before == opened_.end()) return {};
    for (const OwnedTables& tables : owned_tables(settings)) {
        const auto role = of_role_.find(tables.role);
        if (role == of_role_.end() || storage::is_same_database(tables.database, common)) continue;
        const auto has_tables = [&](storage::Database& database) -> Result<bool> {
            const auto reports = MERLON_TRY(
                wait(storage::report_migrations(database, tables.role, tables.migrations)));
            return reports.front().state != storage::MigrationState::Pending;
        };
        if (MERLON_TRY(has_tables(*role->second))) continue;
        if (!MERLON_TRY(has_tables(*before->database))) continue;
        return fail(Kind::Conflict, "store.elsewhere",
                    fmt::format("the tables of {0} are in {1}, and {2}, where store.roles.{0} is, "
                                "has none: move them there with merlon store copy --from, or begin "
                                "anew with merlon migrate up",
                                tables.role, name_of(common), name_of(tables.database)));
    }
    return {};
}

// Several users may have a database together: then its events are read once.
Result<> Stores::open_outboxes(const config::Settings& settings, const Clock& clock) {
    for (const Opened& one : opened_) {
        const std::string name(first_role_in(settings, one.settings));
        if (std::ranges::find(events_, name, &audit::EventSource::name) != events_.end()) continue;
        MERLON_TRY(wait(storage::migrate(*one.database, clock, storage::outbox_role,
                                         storage::outbox_migrations())));
        events_.push_back({name, one.database.get()});
    }
    return {};
}

storage::Database& Stores::database_of(std::string_view role) {
    const auto found = of_role_.find(role);
    MERLON_ASSERT(found != of_role_.end());
    return *found->second;
}

storage::Database* Stores::refusals() {
    const auto gateways = of_role_.find(rpc::gateway_name);
    if (gateways != of_role_.end()) return gateways->second;
    return opened_.empty() ? nullptr : opened_.front().database.get();
}

}  // namespace merlon::installation
