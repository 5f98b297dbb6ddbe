// Names of databases, and which role's is which.
#include "storage/settings.h"

#include <fmt/format.h>

namespace merlon::storage {

std::string name_of(const DatabaseSettings& database) {
    if (const auto* sqlite = std::get_if<SqliteSettings>(&database)) {
        return "sqlite:" + sqlite->path;
    }
    const auto& postgres = *std::get<std::shared_ptr<const PostgresSettings>>(database);
    const bool is_address6 = postgres.host.find(':') != std::string::npos;
    return fmt::format("postgres://{}{}{}:{}/{}", is_address6 ? "[" : "", postgres.host,
                       is_address6 ? "]" : "", postgres.port, postgres.database);
}

const DatabaseSettings& StoreSettings::database_of(std::string_view role) const {
    const auto found = roles.find(role);
    return found == roles.end() ? database : found->second.database;
}

}  // namespace merlon::storage
