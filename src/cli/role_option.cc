// From the words of --role to a set of roles.
#include "cli/role_option.h"

#include <cstdio>

#include "identity/store/schema.h"
#include "rpc/names.h"

namespace merlon::cli {

void add_role_option(CLI::App& command, std::vector<std::string>& names, const std::string& help) {
    command.add_option("--role", names, help + ": gateway, auth, users, products, orders")
        ->delimiter(',')
        ->type_name("ROLE[,ROLE]");
}

std::optional<installation::RoleSet> find_roles(const std::vector<std::string>& names) {
    auto roles = installation::RoleSet::of(names, roles::all());
    if (roles) return *std::move(roles);
    std::fprintf(stderr, "merlon: %s\n", roles.error().detail.c_str());
    return std::nullopt;
}

TokenUse token_use_of(const installation::RoleSet& roles) {
    return roles.has(rpc::gateway_name) || roles.has(identity::auth_role) ? TokenUse::Some
                                                                          : TokenUse::None;
}

}  // namespace merlon::cli
