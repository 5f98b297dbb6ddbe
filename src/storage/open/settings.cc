// Names databases, and finds the one a role uses.
#include "storage/open/settings.h"

#include <fmt/format.h>

#include <filesystem>
#include <tuple>

namespace merlon::storage {
namespace {

using Postgres = std::shared_ptr<const PostgresSettings>;

std::filesystem::path place_of(const SqliteSettings& sqlite) {
    std::error_code failed;
    const std::filesystem::path path = std::filesystem::absolute(sqlite.path, failed);
    const std::filesystem::path real = std::filesystem::weakly_canonical(path, failed);
    return failed ? path : real;
}

auto access_of(const PostgresSettings& postgres) {
    return std::tie(postgres.user, postgres.connections_min, postgres.connections_max,
                    postgres.idle_max, postgres.connect_max, postgres.statement_max);
}

}  // namespace

std::string name_of(const DatabaseSettings& database) {
    if (const auto* sqlite = std::get_if<SqliteSettings>(&database)) {
        return "sqlite:" + sqlite->path;
    }
    const auto& postgres = *std::get<Postgres>(database);
    const bool is_address6 = postgres.host.find(':') != std::string::npos;
    return fmt::format("postgres://{}{}{}:{}/{}", is_address6 ? "[" : "", postgres.host,
                       is_address6 ? "]" : "", postgres.port, postgres.database);
}

bool is_same_database(const DatabaseSettings& one, const DatabaseSettings& other) {
    const auto* file = std::get_if<SqliteSettings>(&one);
    const auto* other_file = std::get_if<SqliteSettings>(&other);
    if (file != nullptr && other_file != nullptr) return place_of(*file) == place_of(*other_file);
    return name_of(one) == name_of(other);
}

bool is_same_access(const DatabaseSettings& one, const DatabaseSettings& other) {
    if (!is_same_database(one, other)) return false;
    const auto* postgres = std::get_if<Postgres>(&one);
    return postgres == nullptr || access_of(**postgres) == access_of(*std::get<Postgres>(other));
}

const DatabaseSettings& StoreSettings::database_of(std::string_view role) const {
    const auto found = roles.find(role);
    return found == roles.end() ? database : found->second.database;
}

const std::string& StoreSettings::url_of(std::string_view role) const {
    const auto found = roles.find(role);
    return found == roles.end() ? url : found->second.url;
}

}  // namespace merlon::storage
