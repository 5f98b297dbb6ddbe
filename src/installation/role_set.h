// Which roles a process runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace merlon::installation {

// The gateway counts as one, by rpc::gateway_name. Value.
class RoleSet {
public:
    // All that are enabled: then roles call each other directly, and only the gateway listens.
    static RoleSet whole(roles::Definitions roles);
    static RoleSet only(std::string_view name) { return RoleSet({std::string(name)}, false); }
    // Names as of --role; none: all. Error: "role.unknown" (Invalid).
    static Result<RoleSet> of(const std::vector<std::string>& names, roles::Definitions roles);

    // Without those that the installation leaves out. Error: "role.left_out" (Invalid: it was
    // named, and the process would have nothing to do).
    Result<RoleSet> enabled_in(const config::Settings& settings) const;

    bool has(std::string_view name) const;
    // The gateway first, then in the order of the list.
    const std::vector<std::string>& names() const { return names_; }
    bool is_whole() const { return is_whole_; }
    // The gateway, or the role that comes first in the list: whose certificate the process shows
    // where it speaks for itself.
    const std::string& first() const { return names_.front(); }

private:
    RoleSet(std::vector<std::string> names, bool is_whole)
        : names_(std::move(names)), is_whole_(is_whole) {}

    std::vector<std::string> names_;  // in the order of the list, the gateway first
    bool is_whole_;
};

}  // namespace merlon::installation
