// One line a role.
#include "roles/roles.h"

#include <algorithm>

#include "identity/definition.h"
#include "orders/orders.h"
#include "products/products.h"
#include "users/users.h"

namespace merlon::roles {

Definitions all() {
    static const rpc::RoleDefinition roles[] = {
        identity::auth_definition,
        users::users_definition,
        products::products_definition,
        orders::orders_definition,
    };
    return roles;
}

const rpc::RoleDefinition* find(Definitions roles, std::string_view name) {
    const auto found = std::ranges::find(roles, name, &rpc::RoleDefinition::name);
    return found == roles.end() ? nullptr : &*found;
}

rpc::FleetSettings default_fleet(Definitions roles) {
    rpc::FleetSettings fleet;
    for (const rpc::RoleDefinition& role : roles) {
        fleet.roles[std::string(role.name)] = {{"127.0.0.1", role.port, {}},
                                               {"https://127.0.0.1:" + std::to_string(role.port)},
                                               {"gateway"}};
    }
    return fleet;
}

}  // namespace merlon::roles
