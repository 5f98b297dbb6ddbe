// Where the data lives. Filled by config/.
#pragma once

#include <map>
#include <string>

namespace merlon::storage {

struct StoreSettings {
    std::string url = "sqlite:data/merlon.db";
    std::map<std::string, std::string> roles;  // role → a url of its own
};

}  // namespace merlon::storage
