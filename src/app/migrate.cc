// Which roles have tables where, and walking over them.
#include "app/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/store_lock.h"
#include "base/wait.h"
#include "http/answers.h"
#include "identity/schema.h"
#include "sealing/key_store.h"
#include "services/order_store.h"
#include "services/product_store.h"
#include "services/profile_store.h"
#include "storage/open_database.h"
#include "storage/outbox.h"
#include "wire/json_text.h"

namespace merlon::app {
namespace {

using storage::MigrationReport;
using storage::MigrationState;

struct RoleTables {
    std::string_view role;
    std::span<const storage::Migration> migrations;
    storage::DatabaseSettings database;
};

// In the order in which a server brings them up to date.
std::vector<RoleTables> tables_of(const config::Settings& settings) {
    const storage::DatabaseSettings& data = settings.store.database;
    const gateway::BuiltInServices& built_in = settings.gateway.built_in;
    std::vector<RoleTables> tables{
        {sealing::keys_role, sealing::keys_migrations(), settings.keys.database},
        {storage::outbox_role, storage::outbox_migrations(), data},
        {identity::auth_role, identity::auth_migrations(), data},
    };
    if (built_in.users)
        tables.push_back({services::users_role, services::users_migrations(), data});
    if (built_in.products) {
        tables.push_back({services::products_role, services::products_migrations(), data});
    }
    if (built_in.orders) {
        tables.push_back({services::orders_role, services::orders_migrations(), data});
    }
    return tables;
}

Result<RoleReport> report_role(const RoleTables& tables) {
    const auto* sqlite = std::get_if<storage::SqliteSettings>(&tables.database);
    std::error_code ignored;
    if (sqlite != nullptr && !std::filesystem::exists(sqlite->path, ignored)) {
        RoleReport nothing{tables.role, {}};
        for (const storage::Migration& migration : tables.migrations) {
            nothing.migrations.push_back(
                {migration.number, std::string(migration.name), MigrationState::Pending, {}});
        }
        return nothing;
    }
    const auto database = MERLON_TRY(storage::open_database(tables.database));
    return RoleReport{
        tables.role,
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
    for (const RoleTables& tables : tables_of(settings)) {
        reports.push_back(MERLON_TRY(report_role(tables)));
    }
    return reports;
}

Result<std::vector<RoleReport>> migrate_tables(const config::Settings& settings) {
    // Makes the store's folder, which the lock lies in.
    MERLON_TRY(storage::open_database(settings.store.database));
    const auto lock = MERLON_TRY(StoreLock::take(settings));
    const SystemClock clock;
    for (const RoleTables& tables : tables_of(settings)) {
        const auto database = MERLON_TRY(storage::open_database(tables.database));
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
            std::string time = one.applied_at ? http::json_time(*one.applied_at) : "";
            std::erase(time, '"');
            text += fmt::format("{:<9} {:>3}  {:<8} {:<24}  {}\n", report.role, one.number,
                                name(one.state), time, one.name);
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
            if (one.applied_at) json += R"(,"appliedAt":)" + http::json_time(*one.applied_at);
            json += "}";
        }
    }
    return json + "]\n";
}

}  // namespace merlon::app
