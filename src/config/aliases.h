// The names that the seed gives to settings, beside ours.
#pragma once

#include <map>
#include <string>

#include "config/node.h"
#include "config/problem.h"

namespace merlon::config {

// JWT_SECRET, JWT_REFRESH_SECRET, CORS_ORIGIN and DATABASE_HOST, _PORT, _NAME, _USER, _PASSWORD as
// the keys that they stand for. The database's make store.url together, so half of them is a
// problem.
void merge_aliases(const std::map<std::string, std::string>& environment, Node& root,
                   Problems& problems);

// The names of those whose values are secrets.
std::vector<std::string> secret_aliases();

}  // namespace merlon::config
