// Guards a path in every spelling that an upstream may read as the same: "/catalog/ADMIN/" is a
// path of "/catalog/**" here, and "/catalog/admin" to a server that ignores case and a slash at the
// end. What such a route asks of its requests, it asks of these, too. Why they are not just 404:
// docs/decisions/0017-a-guard-in-every-spelling.md.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "api/host_routes.h"
#include "wire/path.h"

namespace merlon::gateway {

struct Route;

// The routes, other than the one that matched, that an upstream may take a path for.
class Guards {
public:
    // One for each folding of a path, of a request's own and of its Destination; and the two routes
    // of the Destination itself.
    static constexpr std::size_t max = 3 + 2 * 3 + 2;

    std::span<const Route* const> routes() const { return std::span(routes_).first(count_); }
    // Each once.
    void add(const Route* route);

private:
    std::array<const Route*, max> routes_{};
    std::size_t count_ = 0;
};

// Immutable once built. Borrows the routes.
class Spellings {
public:
    // A route of a service without `paths: exact`. Of routes that fold to one pattern the first
    // stays: config refuses those that ask for different things. Errors: those of RouteTable::add.
    Result<> add(std::span<const std::string> hosts, std::string_view pattern,
                 const std::vector<wire::Method>& methods, const Route* route);
    void add_hosts(std::span<const std::string> hosts) {
        for (auto& table : tables_) table.add_hosts(hosts);
    }

    // Whether a path in folded form can have guards, too.
    bool have_unfolded_patterns() const { return has_unfolded_patterns_; }
    // Adds those of a canonical path whose own route is `matched`.
    void find(std::string_view host, wire::Method method, std::string_view path,
              const Route* matched, Guards& guards) const;

private:
    std::array<api::HostRoutes<const Route*>, 3> tables_;  // by Folding
    bool has_unfolded_patterns_ = false;
};

}  // namespace merlon::gateway
