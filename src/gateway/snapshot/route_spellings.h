// Finds the declared routes that an upstream may take for each other (spellings.h), for those who
// check a configuration.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gateway/snapshot/settings.h"

namespace merlon::gateway {

// A route and the other one that it may be taken for. Borrowed from the settings.
struct ConfusableRoutes {
    const std::string* service;  // of `route`
    const RouteSettings* route;
    const RouteSettings* other;
};

// Pairs that one folding makes one pattern, though they ask for different things of a request:
// nobody could say which of them guards the third spelling. Services with `paths: exact` have none.
std::vector<ConfusableRoutes> indistinct_routes(std::span<const ServiceSettings> services);

// Pairs of a service whose prefix is stripped that match the prefix without and with a slash at its
// end: both are "/" to the service, whatever its `paths` say, and the two ask for different things.
std::vector<ConfusableRoutes> routes_of_the_bare_prefix(std::span<const ServiceSettings> services);

// Routes of whose other spellings a weaker route takes one: `other`. Each pair once.
std::vector<ConfusableRoutes> shadowed_routes(std::span<const ServiceSettings> services);

}  // namespace merlon::gateway
