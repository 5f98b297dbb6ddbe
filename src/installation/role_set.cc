// Names of roles.
#include "installation/role_set.h"

#include <array>
#include <utility>

namespace merlon::installation {

Result<RoleSet> RoleSet::of(const std::vector<std::string>& names) {
    if (names.empty()) return RoleSet{};
    RoleSet set{false, false, false, false, false};
    const std::array<std::pair<std::string_view, bool*>, 5> known = {{{"gateway", &set.gateway},
                                                                      {"auth", &set.auth},
                                                                      {"users", &set.users},
                                                                      {"products", &set.products},
                                                                      {"orders", &set.orders}}};
    for (const std::string& name : names) {
        bool* found = nullptr;
        for (const auto& [role, member] : known) {
            if (name == role) found = member;
        }
        if (found == nullptr) {
            return fail(Kind::Invalid, "role.unknown",
                        name + " is no role: gateway, auth, users, products, orders");
        }
        *found = true;
    }
    return set;
}

}  // namespace merlon::installation
