// Pairs each route of a role with the member function that serves it.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "api/local_service.h"

namespace merlon::api {

template <class Role>
struct Endpoint {
    LocalRoute route;
    Task<http::Response> (Role::*serve)(LocalCall);
};

template <class Role>
std::vector<LocalRoute> routes_of(std::span<const Endpoint<Role>> endpoints) {
    std::vector<LocalRoute> routes;
    for (const auto& endpoint : endpoints) routes.push_back(endpoint.route);
    return routes;
}

// `call` matched one of the routes.
template <class Role>
Task<http::Response> serve(Role& role, std::span<const Endpoint<Role>> endpoints, LocalCall call) {
    const auto endpoint = std::ranges::find_if(endpoints, [&](const Endpoint<Role>& one) {
        return one.route.method == call.method && one.route.pattern == call.route;
    });
    MERLON_ASSERT(endpoint != endpoints.end());
    return (role.*endpoint->serve)(std::move(call));
}

}  // namespace merlon::api
