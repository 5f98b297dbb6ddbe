// The tables of the key store, of the outboxes and of each enabled role.
#include "installation/owned_tables.h"

#include "rpc/names.h"
#include "sealing/key_store.h"
#include "storage/outbox.h"

namespace merlon::installation {

std::vector<const rpc::RoleDefinition*> enabled_roles(const config::Settings& settings) {
    std::vector<const rpc::RoleDefinition*> enabled;
    for (const rpc::RoleDefinition& role : settings.role_definitions) {
        if (settings.gateway.built_in.has(role.name)) enabled.push_back(&role);
    }
    return enabled;
}

std::vector<std::string_view> roles_with_data(const config::Settings& settings) {
    std::vector<std::string_view> roles;
    for (const rpc::RoleDefinition* role : enabled_roles(settings)) roles.push_back(role->name);
    if (settings.has_identity()) roles.push_back(rpc::gateway_name);  // stores its refusals
    return roles;
}

std::string_view first_role_in(const config::Settings& settings,
                               const storage::DatabaseSettings& database) {
    for (const std::string_view role : roles_with_data(settings)) {
        if (storage::is_same_database(settings.store.database_of(role), database)) return role;
    }
    MERLON_ASSERT(false);
}

std::vector<OwnedTables> owned_tables(const config::Settings& settings) {
    const storage::StoreSettings& store = settings.store;
    std::vector<OwnedTables> tables{
        {sealing::keys_role, sealing::keys_migrations(), settings.keys.database}};
    for (const std::string_view role : roles_with_data(settings)) {
        const storage::DatabaseSettings& database = store.database_of(role);
        if (first_role_in(settings, database) != role) continue;
        tables.push_back({storage::outbox_role, storage::outbox_migrations(), database});
    }
    for (const rpc::RoleDefinition* role : enabled_roles(settings)) {
        tables.push_back({role->name, role->migrations(), store.database_of(role->name)});
    }
    return tables;
}

}  // namespace merlon::installation
