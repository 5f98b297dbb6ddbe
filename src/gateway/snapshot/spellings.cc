// Keeps the routes once for each folding, and looks a path up in all of them.
#include "gateway/snapshot/spellings.h"

#include <algorithm>

namespace merlon::gateway {
namespace {

using wire::Folding;

constexpr Folding foldings[] = {Folding::Case, Folding::Slash, Folding::Both};

}  // namespace

void Guards::add(const Route* route) {
    if (std::ranges::find(routes(), route) != routes().end()) return;
    MERLON_ASSERT(count_ < max);
    routes_[count_++] = route;
}

Result<> Spellings::add(std::span<const std::string> hosts, std::string_view pattern,
                        const std::vector<wire::Method>& methods, const Route* route) {
    has_unfolded_patterns_ |= wire::fold(pattern, Folding::Both) != pattern;
    const auto add_one = [&](std::span<const std::string> host, Folding folding) -> Result<> {
        auto& table = tables_[static_cast<std::size_t>(folding)];
        for (const wire::Method method : methods) {
            const auto added = table.add(host, wire::fold(pattern, folding), {method}, route);
            if (!added && added.error().rule != api::duplicate_route_rule) {
                return std::unexpected(added.error());
            }
        }
        return {};
    };
    for (const Folding folding : foldings) {
        if (hosts.empty()) MERLON_TRY(add_one({}, folding));
        for (std::size_t i = 0; i < hosts.size(); ++i) {
            MERLON_TRY(add_one(hosts.subspan(i, 1), folding));
        }
    }
    return {};
}

void Spellings::find(std::string_view host, wire::Method method, std::string_view path,
                     const Route* matched, Guards& guards) const {
    for (const Folding folding : foldings) {
        const auto& table = tables_[static_cast<std::size_t>(folding)];
        const auto match = table.find(host, method, wire::fold(path, folding));
        if (match.route != nullptr && *match.route != matched) guards.add(*match.route);
    }
}

}  // namespace merlon::gateway
