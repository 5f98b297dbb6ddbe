// The tables of the roles that an installation has: how far each role's are, and bringing them up
// to date while no server runs. A server does the latter itself when it starts.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "storage/migrations.h"

namespace merlon::operations {

struct RoleReport {
    std::string_view role;
    std::string database;  // its name: storage::name_of
    std::vector<storage::MigrationReport> migrations;
};

// Both give what is there at the end. Errors: those of opening the store and of migrate().

// Also beside a running server; makes no file.
Result<std::vector<RoleReport>> report_tables(const config::Settings& settings);
// Error: "store.in_use" (Conflict: a server runs).
Result<std::vector<RoleReport>> migrate_tables(const config::Settings& settings);

// Whether a server could start without changing a table.
bool is_up_to_date(const std::vector<RoleReport>& reports);

// A line a migration, and a JSON array of {role, number, name, state[, appliedAt], database}.
std::string to_text(const std::vector<RoleReport>& reports);
std::string to_json(const std::vector<RoleReport>& reports);

}  // namespace merlon::operations
