// The definition of auth. server/ opens it: it needs what all roles share, the set of revocations
// and the pool of password hashes among it.
#include "identity/definition.h"

#include "identity/identity.h"
#include "identity/remote/accounts_port.h"
#include "identity/store/schema.h"

namespace merlon::identity {
namespace {

constexpr rpc::PersonalColumn personal_data[] = {
    {"accounts", "email"}, {"accounts", "first_name"}, {"accounts", "last_name"},
    {"sessions", "ip"},    {"sessions", "agent"},
};

void connect(rpc::Client& auth, rpc::Ports& ports) {
    ports.add<ports::AccountDirectory>(std::make_unique<RemoteAccounts>(auth));
}

}  // namespace

constinit const rpc::RoleDefinition auth_definition{
    .name = auth_role,
    .port = 3001,
    .calls = {},
    .table = &Identity::role_table,
    .migrations = &auth_migrations,
    .personal_data = personal_data,
    .open = nullptr,
    .connect = &connect,
};

}  // namespace merlon::identity
