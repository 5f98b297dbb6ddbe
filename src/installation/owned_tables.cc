// One line for each part that has migrations.
#include "installation/owned_tables.h"

#include "identity/store/schema.h"
#include "orders/order_store.h"
#include "products/product_store.h"
#include "sealing/key_store.h"
#include "storage/outbox.h"
#include "users/profile_store.h"

namespace merlon::installation {

std::vector<std::string_view> roles_with_data(const config::Settings& settings) {
    const gateway::BuiltInServices& built_in = settings.gateway.built_in;
    std::vector<std::string_view> roles{identity::auth_role};
    if (built_in.users) roles.push_back(users::users_role);
    if (built_in.products) roles.push_back(products::products_role);
    if (built_in.orders) roles.push_back(orders::orders_role);
    roles.emplace_back("gateway");  // stores its refusals
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
    const auto add = [&](std::string_view role, std::span<const storage::Migration> migrations) {
        tables.push_back({role, migrations, store.database_of(role)});
    };
    const gateway::BuiltInServices& built_in = settings.gateway.built_in;
    add(identity::auth_role, identity::auth_migrations());
    if (built_in.users) add(users::users_role, users::users_migrations());
    if (built_in.products) add(products::products_role, products::products_migrations());
    if (built_in.orders) add(orders::orders_role, orders::orders_migrations());
    return tables;
}

}  // namespace merlon::installation
