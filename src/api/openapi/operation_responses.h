// Renders the responses of an operation: success as the route declares it, failures by what the
// request path does with such a route.
#pragma once

#include <boost/json.hpp>

#include "api/local_service.h"
#include "api/name_settings.h"

namespace merlon::api {

bool takes_id(const LocalRoute& route);

// The first of a schema's examples, which is taken out of it.
boost::json::value take_example(boost::json::value& schema);

// `schemas`: those of all roles, by name.
boost::json::object responses_of(const LocalRoute& route, const boost::json::object& schemas,
                                 const NameSettings& names);

// What responses_of() refers to, beside shared_responses().
boost::json::object shared_schemas();

}  // namespace merlon::api
