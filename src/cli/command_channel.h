// Where an operator's commands go: to the running server, or to the store when none runs.
#pragma once

#include <functional>
#include <string>

#include "config/settings.h"

namespace merlon::cli {

// How a command ended: 0 and the answer, or another exit code and the error; both are JSON.
struct Outcome {
    int code;
    std::string text;
};

// Carries commands out on the store itself.
using RunOffline = std::function<Result<std::string>(std::string command)>;

// Opens the store for commands about accounts, sessions and keys: nobody else may serve it
// meanwhile. Errors: "store.in_use" (Conflict), those of Platform::open_offline.
Result<RunOffline> open_store(config::Settings settings);

// Resource; one thread.
class CommandChannel final {
public:
    using Open = Result<RunOffline>(config::Settings settings);
    // `open` is asked at most once, and only when no server answers the first command.
    CommandChannel(config::Settings settings, Open& open);

    // A server that starts or stops between two commands ends the work: the first one settles
    // where all go.
    Outcome send(const std::string& command);

private:
    std::string socket_;
    config::Settings settings_;
    Open& open_;
    bool is_served_ = false;
    RunOffline offline_;  // empty: a server is asked
};

}  // namespace merlon::cli
