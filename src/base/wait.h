// Waiting for one task where no loop runs: before the program serves, in commands, in tests.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <optional>
#include <utility>

#include "base/task.h"

namespace merlon {

// Runs the task to its end on a loop of its own. Blocks: never call it on a worker.
template <class T>
Result<T> wait(Task<T> task) {
    asio::io_context loop(1);
    std::optional<Result<T>> result;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, Result<T> done) {
        MERLON_ASSERT(!thrown);
        result = std::move(done);
    });
    loop.run();
    MERLON_ASSERT(result.has_value());
    return *std::move(result);
}

}  // namespace merlon
