// An operator's commands, carried out: on the running server's identity, or on that of a store
// which no server has open.
#pragma once

#include <string>

#include "identity/identity.h"

namespace merlon::app {

// One command as JSON, {"command":"user.lock", …}; gives the answer as JSON. Errors: "command.…"
// (Invalid), and those of Identity. Borrows identity for the task.
Task<std::string> run_command(identity::Identity* identity, std::string json);

}  // namespace merlon::app
