// Keeps the routes once for each folding, and looks a path up in all of them.
#include "gateway/snapshot/spellings.h"

#include <algorithm>

namespace merlon::gateway {
namespace {

using wire::Folding;

constexpr Folding foldings[] = {Folding::Case, Folding::Slash, Folding::Both};

}  // namespace

void Guards::add(const Route* route) {
    if (std::ranges::find(routes(), route) == routes().end()) routes_[count_++] = route;
}

Result<> Spellings::add(std::string_view pattern, const std::vector<wire::Method>& methods,
                        const Route* route) {
    has_unfolded_patterns_ |= wire::fold(pattern, Folding::Both) != pattern;
    for (const Folding folding : foldings) {
        auto& table = tables_[static_cast<std::size_t>(folding)];
        for (const wire::Method method : methods) {
            const auto added = table.add(wire::fold(pattern, folding), {method}, route);
            if (!added && added.error().rule != api::duplicate_route_rule) {
                return std::unexpected(added.error());
            }
        }
    }
    return {};
}

Guards Spellings::find(wire::Method method, std::string_view path, const Route* matched) const {
    Guards guards;
    for (const Folding folding : foldings) {
        const auto& table = tables_[static_cast<std::size_t>(folding)];
        const auto match = table.find(method, wire::fold(path, folding));
        if (match.route != nullptr && *match.route != matched) guards.add(*match.route);
    }
    return guards;
}

}  // namespace merlon::gateway
