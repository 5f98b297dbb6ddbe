// Waiting for one task where no loop runs: before the program serves, in commands, in tests.
#pragma once

#include "base/spawn.h"

namespace merlon {

// Runs the task to its end on a loop of its own. Blocks: never call it on a worker.
template <class T>
Result<T> wait(Task<T> task) {
    asio::io_context loop(1);
    std::optional<Result<T>> result;
    spawn(loop.get_executor(), std::move(task), [&](Result<T> done) {
        result.emplace(std::move(done));
        loop.stop();  // what the loop watches besides does not keep it
    });
    loop.run();
    MERLON_ASSERT(result.has_value());
    return *std::move(result);
}

}  // namespace merlon
