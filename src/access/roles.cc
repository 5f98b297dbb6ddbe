// Roles: the seed's table, and the index of every permission name.
#include <algorithm>

#include "access/access.h"
#include "base/text.h"

namespace merlon::access {
namespace {

constexpr std::size_t name_bytes_max = 64;

constexpr bool is_name_char(char c) {
    return text::is_alpha(c) || text::is_digit(c) ||
           std::string_view("_.:/-").find(c) != std::string_view::npos;
}

}  // namespace

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= name_bytes_max &&
           (text::is_alpha(text.front()) || text::is_digit(text.front())) &&
           std::ranges::all_of(text, is_name_char);
}

Roles Roles::defaults() {
    // seed/security.md, "Define roles and permissions", in its order; then what the seed's table
    // has no word for: reading the audit and managing incidents.
    auto roles = make({
        {"user",
         {"read:profile", "write:profile", "read:products", "read:orders", "write:orders",
          "cancel:orders"}},
        {"moderator", {"read:products"}},
        {"admin",
         {"read:profile", "write:profile", "read:products", "write:products", "delete:products",
          "read:orders", "write:orders", "cancel:orders", "read:users", "write:users",
          "delete:users", "read:audit", "manage:incidents"}},
    });
    MERLON_ASSERT(roles.has_value());
    return *std::move(roles);
}

Result<Roles> Roles::make(const std::map<std::string, std::vector<std::string>>& roles) {
    Roles made;
    for (const auto& [role, permissions] : roles) {
        if (!is_name(role)) return fail(Kind::Invalid, "access.name_malformed", "role " + role);
        std::vector<std::string>& held = made.roles_[role];
        for (const std::string& permission : permissions) {
            MERLON_TRY(made.declare(permission));
            if (std::ranges::find(held, permission) == held.end()) held.push_back(permission);
        }
    }
    return made;
}

bool Roles::has_role(std::string_view role) const { return roles_.contains(role); }

std::vector<std::string_view> Roles::role_names() const {
    std::vector<std::string_view> names;
    for (const auto& [role, permissions] : roles_) names.push_back(role);
    return names;
}

const std::vector<std::string>& Roles::permissions_of(std::string_view role) const {
    static const std::vector<std::string> none;
    const auto found = roles_.find(role);
    return found == roles_.end() ? none : found->second;
}

PermissionSet Roles::set_of(const std::vector<std::string>& names) const {
    PermissionSet set;
    for (const std::string& name : names) {
        if (const auto index = index_of(name)) set.set(*index);
    }
    return set;
}

std::optional<std::size_t> Roles::index_of(std::string_view permission) const {
    const auto found = indexes_.find(permission);
    if (found == indexes_.end()) return std::nullopt;
    return found->second;
}

Result<std::size_t> Roles::declare(std::string_view permission) {
    if (const auto known = index_of(permission)) return *known;
    if (!is_name(permission)) {
        return fail(Kind::Invalid, "access.name_malformed",
                    "permission " + std::string(permission));
    }
    if (indexes_.size() == permissions_max) {
        return fail(Kind::Invalid, "access.too_many_permissions", std::string(permission));
    }
    return indexes_.emplace(permission, indexes_.size()).first->second;
}

bool Roles::admits_only_admins(const Rule& rule) const {
    if (rule.names().empty()) return false;
    bool has_admins = false;
    for (const auto& [role, permissions] : roles_) {
        const bool is_admitted = std::ranges::all_of(rule.names(), [&](const std::string& name) {
            return std::ranges::find(permissions, name) != permissions.end();
        });
        if (is_admitted && role != admin_role) return false;
        has_admins |= is_admitted;
    }
    return has_admins;
}

}  // namespace merlon::access
