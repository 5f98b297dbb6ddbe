// Active health checks: asks the targets of one service, now and then, whether they are well.
#pragma once

#include <memory>

#include "base/entropy.h"
#include "upstream/upstream.h"

namespace merlon::upstream {

// One round after the other, each over all targets there are then. Jittered, so that many workers
// do not ask at once. A target that fails twice in a row gets no requests while others do; one
// success brings it back. Destroying the checker stops it: a check under way ends within its
// timeout and changes nothing any more.
class HealthChecker final {
public:
    static constexpr int failures_max = 2;

    // Borrows upstream; deadlines outlive the executor's loop. Does nothing without a path.
    HealthChecker(Upstream& upstream, const HealthSettings& settings, Executor executor,
                  net::Deadlines& deadlines, Entropy& entropy);
    ~HealthChecker();
    HealthChecker(const HealthChecker&) = delete;
    HealthChecker& operator=(const HealthChecker&) = delete;

private:
    struct Rounds;
    struct Check;
    static Task<> run(std::shared_ptr<Rounds> rounds);
    static Task<> check(std::shared_ptr<Rounds> rounds, Check one);

    // Shared with the coroutines, which may be waiting for a target when the checker goes.
    std::shared_ptr<Rounds> rounds_;  // null: no checks
};

}  // namespace merlon::upstream
