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

// Opens the store for a command about accounts, sessions or keys. A server may start meanwhile:
// each is a transaction. Errors: those of Platform::open_offline.
Result<RunOffline> open_store(config::Settings settings);
// The same for long work, during which no server may start. Errors: also "store.in_use" (Conflict).
Result<RunOffline> open_store_alone(config::Settings settings);

// Resource; one thread.
class CommandChannel final {
public:
    using Open = Result<RunOffline>(config::Settings settings);
    // `open` is asked at most once, and only when no server answers the first command.
    CommandChannel(config::Settings settings, Open& open);

    // All commands go where the first one went: a server that starts or stops between two of them
    // fails the next.
    Outcome send(const std::string& command);

private:
    std::string socket_;
    config::Settings settings_;
    Open& open_;
    bool is_served_ = false;
    RunOffline offline_;  // empty: a server is asked
};

}  // namespace merlon::cli
