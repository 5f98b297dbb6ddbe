// Turns a request into a call of a built-in role, whichever process the role runs in.
#pragma once

#include "access/access.h"
#include "api/local_service.h"
#include "http/exchange.h"
#include "tokens/access_token.h"
#include "wire/json_schema.h"
#include "wire/path.h"

namespace merlon::api {

// What the stages before have found out about a request, for its call. Borrows.
struct CallContext {
    const LocalRoute* route;                  // the one that matched; static
    const wire::JsonSchema* schema;           // of its body; null: any JSON
    wire::Target target;                      // canonical
    const tokens::AccessToken* token;         // verified and not revoked; null: there is none
    std::string client;                       // address
    std::optional<Error> refused_token = {};  // where the route's token is optional
};

// Reads the body and makes the call. `pass` proves that the route's rule allows it. The same in the
// gateway's process and behind a role's own listener. Borrows all but the pass for the task.
// Errors: those of read_json_body() and read_validated_body().
Task<LocalCall> read_local_call(http::Exchange* exchange, access::Pass pass, CallContext context);

// A second call that is the same, said out loud: its body may be a secret.
LocalCall duplicate(const LocalCall& call);

// The access rule of a built-in route. Errors: those of Rule::all_of.
Result<access::Rule> local_rule(const LocalRoute& route, access::Roles& roles);

}  // namespace merlon::api
