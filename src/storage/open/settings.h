// Where the data lives. Filled by config/.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "storage/postgres/postgres_settings.h"

namespace merlon::storage {

struct SqliteSettings {
    std::string path;
};

// One database, whatever it is.
using DatabaseSettings = std::variant<SqliteSettings, std::shared_ptr<const PostgresSettings>>;

// sqlite:path, or postgres://host:port/database: the same for the same database, whoever asks.
std::string name_of(const DatabaseSettings& database);

// The same database, whoever asks and however a file's path is spelled.
bool is_same_database(const DatabaseSettings& one, const DatabaseSettings& other);
// The same database for the same user with the same pool: one set of connections does for both.
bool is_same_access(const DatabaseSettings& one, const DatabaseSettings& other);

struct RoleStore {
    std::string url;  // as it was given: for messages
    DatabaseSettings database;
};

struct StoreSettings {
    std::string url = "sqlite:data/merlon.db";  // as it was given: for messages
    DatabaseSettings database = SqliteSettings{"data/merlon.db"};
    // What belongs to an installation beside its tables: the operators' socket.
    std::string folder = "data";
    // The roles that have a database of their own.
    std::map<std::string, RoleStore, std::less<>> roles;

    // Where the tables of `role` are.
    const DatabaseSettings& database_of(std::string_view role) const;
    // The same, as it was given.
    const std::string& url_of(std::string_view role) const;
};

}  // namespace merlon::storage
