// Runs an operator's command on the running server's roles, or on a store that no server has open.
#pragma once

#include <string>
#include <vector>

#include "audit/event_list.h"
#include "identity/identity.h"

namespace merlon::operations {

// Users that user.list gives at a time, after the id that it is given.
inline constexpr std::int64_t users_listed_max = 1'000;
// Events that audit.tail gives at a time.
inline constexpr std::int64_t audit_tail_max = 1'000;

// One command's text: the longest is a batch of an import (people_import.h).
inline constexpr std::size_t command_bytes_max = 512 << 10;

// What commands work on. Borrowed.
struct CommandTargets {
    identity::Identity* identity;  // null: only audit commands are there
    std::vector<audit::EventSource> events;
};

// One command as JSON, {"command":"user.lock", …}; gives the response as JSON. Errors: "command.…"
// (Invalid), and those of Identity and Database. Borrows what it works on for the task.
Task<std::string> run_command(CommandTargets targets, Secret json);

}  // namespace merlon::operations
