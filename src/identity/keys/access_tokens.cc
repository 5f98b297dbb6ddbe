// Issues access tokens under the policy in force.
#include "identity/keys/access_tokens.h"

#include <algorithm>

namespace merlon::identity {

std::string AccessTokens::issue(tokens::AccessGrant grant) {
    const auto policy = policy_.load();
    const WallTime now = clock_.wall();
    note_issue(now);
    grant.permissions = policy->roles->permissions_of(grant.role);
    return policy->issuer.issue_access(grant, now);
}

void AccessTokens::note_issue(WallTime time) {
    WallTime latest = latest_issue_.load();
    while (latest < time && !latest_issue_.compare_exchange_weak(latest, time)) {
    }
}

WallTime AccessTokens::last_expiry() const {
    constexpr std::chrono::minutes under_way{1};
    const WallTime latest = std::max(clock_.wall(), latest_issue_.load());
    return latest + policy_.load()->longest_access_ttl + under_way;
}

}  // namespace merlon::identity
