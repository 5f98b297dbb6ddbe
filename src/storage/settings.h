// Where the data lives. Filled by config/.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "storage/postgres_settings.h"

namespace merlon::storage {

struct SqliteSettings {
    std::string path;
};

// One database, whatever it is.
using DatabaseSettings = std::variant<SqliteSettings, std::shared_ptr<const PostgresSettings>>;

struct StoreSettings {
    std::string url = "sqlite:data/merlon.db";  // as it was given: for messages
    DatabaseSettings database = SqliteSettings{"data/merlon.db"};
    // What belongs to an installation beside its tables: the operators' socket.
    std::string folder = "data";
};

}  // namespace merlon::storage
