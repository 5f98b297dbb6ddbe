// A request as a built-in role takes it, whichever process the role is in.
#pragma once

#include "access/access.h"
#include "api/local_service.h"
#include "http/exchange.h"
#include "tokens/access_token.h"
#include "wire/json_schema.h"
#include "wire/path.h"

namespace merlon::api {

// What the call is made of beside the request itself. Borrows.
struct Admitted {
    const LocalRoute* route;           // that matched; static
    const wire::JsonSchema* schema;    // of its body; null: any JSON
    wire::Target target;               // canonical
    const tokens::AccessToken* token;  // verified and not revoked; null on a public route
    std::string client;                // address
};

// Reads the body and makes the call. `pass` proves that the route's rule allows it. The same in the
// gateway's process and behind a role's own listener. Borrows all but the pass for the task.
// Errors: those of take_json_body() and take_judged_body().
Task<LocalCall> take_local_call(http::Exchange* exchange, access::Pass pass, Admitted admitted);

// What a built-in route asks of its caller. Errors: those of Rule::all_of.
Result<access::Rule> local_rule(const LocalRoute& route, access::Roles& roles);

}  // namespace merlon::api
