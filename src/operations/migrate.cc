// Reports and runs the migrations of every role.
#include "operations/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "api/responses.h"
#include "base/wait.h"
#include "installation/owned_tables.h"
#include "installation/store_lock.h"
#include "storage/open/open_database.h"
#include "wire/json_text.h"

namespace merlon::operations {
namespace {

using storage::MigrationReport;
using storage::MigrationState;

Result<RoleReport> report_role(const installation::OwnedTables& tables) {
    const SystemClock clock;
    SystemEntropy entropy;
    const auto* sqlite = std::get_if<storage::SqliteSettings>(&tables.database);
    std::error_code ignored;
    if (sqlite != nullptr && !std::filesystem::exists(sqlite->path, ignored)) {
        RoleReport nothing{tables.role, storage::name_of(tables.database), {}};
        for (const storage::Migration& migration : tables.migrations) {
            nothing.migrations.push_back(
                {migration.number, std::string(migration.name), MigrationState::Pending, {}});
        }
        return nothing;
    }
    const auto database = MERLON_TRY(storage::open_database(tables.database, clock, entropy));
    return RoleReport{
        tables.role, storage::name_of(tables.database),
        MERLON_TRY(wait(storage::report_migrations(*database, tables.role, tables.migrations)))};
}

std::string_view name(MigrationState state) {
    switch (state) {
        case MigrationState::Applied:
            return "applied";
        case MigrationState::Pending:
            return "pending";
        case MigrationState::Changed:
            return "changed";
        case MigrationState::Newer:
            return "newer";
    }
    MERLON_ASSERT(false);
}

bool is_settled(const MigrationReport& one) {
    return one.state == MigrationState::Applied || one.state == MigrationState::Newer;
}

}  // namespace

Result<std::vector<RoleReport>> report_tables(const config::Settings& settings) {
    std::vector<RoleReport> reports;
    for (const installation::OwnedTables& tables : installation::owned_tables(settings)) {
        reports.push_back(MERLON_TRY(report_role(tables)));
    }
    return reports;
}

Result<std::vector<RoleReport>> migrate_tables(const config::Settings& settings) {
    const auto lock = MERLON_TRY(installation::StoreLock::take(settings));
    const SystemClock clock;
    SystemEntropy entropy;
    for (const installation::OwnedTables& tables : installation::owned_tables(settings)) {
        const auto database = MERLON_TRY(storage::open_database(tables.database, clock, entropy));
        MERLON_TRY(wait(storage::migrate(*database, clock, tables.role, tables.migrations)));
    }
    return report_tables(settings);
}

bool is_up_to_date(const std::vector<RoleReport>& reports) {
    return std::ranges::all_of(reports, [](const RoleReport& report) {
        return std::ranges::all_of(report.migrations, is_settled);
    });
}

std::string to_text(const std::vector<RoleReport>& reports) {
    std::string text;
    for (const RoleReport& report : reports) {
        for (const MigrationReport& one : report.migrations) {
            std::string time = one.applied_at ? api::json_time(*one.applied_at) : "";
            std::erase(time, '"');
            text += fmt::format("{:<9} {:>3}  {:<8} {:<24}  {}  {}\n", report.role, one.number,
                                name(one.state), time, report.database, one.name);
        }
    }
    return text;
}

std::string to_json(const std::vector<RoleReport>& reports) {
    std::string json = "[";
    for (const RoleReport& report : reports) {
        for (const MigrationReport& one : report.migrations) {
            json += json.size() > 1 ? ",{" : "{";
            json += fmt::format(R"("role":"{}","number":{},"name":)", report.role, one.number);
            wire::append_json_string(json, one.name);
            json += fmt::format(R"(,"state":"{}")", name(one.state));
            if (one.applied_at) json += R"(,"appliedAt":)" + api::json_time(*one.applied_at);
            json += R"(,"database":)";
            wire::append_json_string(json, report.database);
            json += "}";
        }
    }
    return json + "]\n";
}

}  // namespace merlon::operations
