// Which roles a process runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace merlon::installation {

struct RoleSet {
    bool gateway = true;
    bool auth = true;
    bool users = true;
    bool products = true;
    bool orders = true;

    // Names as of --role; none: all of them. Fails with "role.unknown".
    static Result<RoleSet> of(const std::vector<std::string>& names);

    // All of them: then roles call each other directly, and only the gateway listens.
    bool is_whole() const { return gateway && auth && users && products && orders; }
};

}  // namespace merlon::installation
