// A request as a built-in role takes it, whichever process the role is in.
#pragma once

#include "access/access.h"
#include "api/local_service.h"
#include "wire/head.h"
#include "wire/path.h"

namespace merlon::api {

// All but the body, the client and the caller. `pattern` is the route that matched; it outlives the
// call.
LocalCall make_local_call(const wire::RequestHead& head, std::string_view pattern,
                          const wire::Target& target);

// What a built-in route asks of its caller. Errors: those of Rule::all_of.
Result<access::Rule> local_rule(const LocalRoute& route, access::Roles& roles);

}  // namespace merlon::api
