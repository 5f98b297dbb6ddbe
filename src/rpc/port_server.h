// What a role does for other roles' processes.
#pragma once

#include <functional>
#include <string_view>

#include "base/task.h"
#include "rpc/port_message.h"

namespace merlon::rpc {

// One operation, and the one role that may call it.
struct Port {
    std::string_view operation;
    std::string_view caller;
    std::function<Task<Message>(Message)> serve;
};

}  // namespace merlon::rpc
