// Issues access tokens, and knows when the last one that exists will have expired: a revocation has
// to be kept until then.
#pragma once

#include <atomic>

#include "base/clock.h"
#include "identity/keys/token_policy.h"

namespace merlon::identity {

// Safe from every thread. Borrows both for its life.
class AccessTokens final {
public:
    AccessTokens(const CurrentTokenPolicy& policy, const Clock& clock)
        : policy_(policy), clock_(clock) {}

    // With the permissions of the grant's role; those that it lists do not count.
    std::string issue(tokens::AccessGrant grant);

    // A token was issued then, by this process or another.
    void note_issue(WallTime time);
    // When the last access token that exists now, or that a request under way is about to issue,
    // has expired. It holds also for one issued before the clock was put back.
    WallTime last_expiry() const;

private:
    const CurrentTokenPolicy& policy_;
    const Clock& clock_;
    std::atomic<WallTime> latest_issue_{};  // by the wall clock of then
};

}  // namespace merlon::identity
