// Where people's keys live, and what wraps them. Filled by config/.
#pragma once

#include <string>

#include "base/secret.h"
#include "storage/open/settings.h"

namespace merlon::sealing {

struct KeySettings {
    std::string url = "sqlite:data/keys.db";  // as it was given: for messages
    storage::DatabaseSettings database = storage::SqliteSettings{"data/keys.db"};
    Secret master;  // 32 bytes (hex, base64url or raw); empty: the file
    std::string master_path = "data/master.key";  // made at first start, mode 0600
};

}  // namespace merlon::sealing
