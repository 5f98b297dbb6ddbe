// Where the data lives. Filled by config/.
#pragma once

#include <map>
#include <string>

#include "base/secret.h"

namespace merlon::storage {

struct StoreSettings {
    std::string url = "sqlite:data/merlon.db";
    Secret password;                           // of a postgres:// url, which never carries one
    std::map<std::string, std::string> roles;  // role → a url of its own
};

}  // namespace merlon::storage
