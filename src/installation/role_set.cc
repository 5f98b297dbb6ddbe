// From the names of --role to a set.
#include "installation/role_set.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "rpc/names.h"

namespace merlon::installation {
namespace {

std::vector<std::string> names_of(roles::Definitions roles) {
    std::vector<std::string> names{std::string(rpc::gateway_name)};
    for (const rpc::RoleDefinition& role : roles) names.emplace_back(role.name);
    return names;
}

}  // namespace

RoleSet RoleSet::whole(roles::Definitions roles) { return RoleSet(names_of(roles), true); }

Result<RoleSet> RoleSet::of(const std::vector<std::string>& names, roles::Definitions roles) {
    if (names.empty()) return whole(roles);
    std::vector<std::string> known = names_of(roles);
    for (const std::string& name : names) {
        if (std::ranges::find(known, name) != known.end()) continue;
        return fail(Kind::Invalid, "role.unknown",
                    fmt::format("{} is no role: {}", name, fmt::join(known, ", ")));
    }
    const std::size_t count = known.size();
    std::erase_if(known, [&](const std::string& name) {
        return std::ranges::find(names, name) == names.end();
    });
    const bool is_whole = known.size() == count;
    return RoleSet(std::move(known), is_whole);
}

Result<RoleSet> RoleSet::enabled_in(const config::Settings& settings) const {
    const gateway::BuiltInServices& built_in = settings.gateway.built_in;
    const auto is_left_out = [&](const std::string& name) { return !built_in.has(name); };
    std::vector<std::string> names = names_;
    const std::size_t count = std::erase_if(names, is_left_out);
    if (count > 0 && !is_whole_) {
        const auto left_out = std::ranges::find_if(names_, is_left_out);
        return fail(
            Kind::Invalid, "role.left_out",
            fmt::format(
                "{} is not a part of this installation: {} leaves it out", *left_out,
                settings.has_identity() ? "services." + *left_out : "identity.enabled: false"));
    }
    // A gateway alone has nobody to call.
    return RoleSet(std::move(names), is_whole_ || !settings.has_identity());
}

bool RoleSet::has(std::string_view name) const {
    return std::ranges::find(names_, name) != names_.end();
}

}  // namespace merlon::installation
