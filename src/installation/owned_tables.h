// Which tables an installation has, and where: what migrate, render and copy walk over.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "storage/migrations.h"

namespace merlon::installation {

// The tables that the migrations of one part make in one database.
struct OwnedTables {
    std::string_view role;  // as schema_migrations has it
    std::span<const storage::Migration> migrations;
    storage::DatabaseSettings database;
};

// The roles that the installation does not leave out, in the order of the list.
std::vector<const rpc::RoleDefinition*> enabled_roles(const config::Settings& settings);

// Roles that write to a database of the data: those that are enabled, and the gateway beside them.
// None in an installation without identity.
std::vector<std::string_view> roles_with_data(const config::Settings& settings);

// The first of them whose tables are in `database`, by which a database is called in short. It is
// one of theirs.
std::string_view first_role_in(const config::Settings& settings,
                               const storage::DatabaseSettings& database);

// In the order in which a server brings them up to date. The outbox is in every database that a
// role writes to. Borrows nothing.
std::vector<OwnedTables> owned_tables(const config::Settings& settings);

}  // namespace merlon::installation
