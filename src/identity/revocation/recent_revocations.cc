// A log by position: rows that are read again replace the old ones at its end, and the oldest rows
// are dropped at its beginning.
#include "identity/revocation/recent_revocations.h"

#include <algorithm>
#include <iterator>

namespace merlon::identity {

void RecentRevocations::add(std::int64_t since, RevocationChanges changes) {
    std::ranges::sort(changes.revocations, {}, &RevocationRow::position);
    const Lock lock(mutex_);
    if (!from_) from_ = since;
    // Of transactions that could still commit when they were read the last time, all comes again.
    revocations_.erase(std::ranges::lower_bound(revocations_, since, {}, &RevocationRow::position),
                       revocations_.end());
    std::ranges::move(changes.revocations, std::back_inserter(revocations_));
    horizon_ = changes.horizon;
    as_of_ = changes.as_of;
    if (revocations_.size() <= kept_max) return;
    // Half of them, so that not every add() moves all.
    const auto kept = revocations_.end() - kept_max / 2;
    from_ = std::prev(kept)->position + 1;
    revocations_.erase(revocations_.begin(), kept);
}

std::optional<RevocationChanges> RecentRevocations::since(std::int64_t horizon,
                                                          SteadyTime fresh_since) const {
    const Lock lock(mutex_);
    if (!from_ || horizon < *from_ || as_of_ < fresh_since) return std::nullopt;
    RevocationChanges changes;
    std::ranges::copy(std::ranges::lower_bound(revocations_, horizon, {}, &RevocationRow::position),
                      revocations_.end(), std::back_inserter(changes.revocations));
    // The reader may have got further with another process; it does not go back.
    changes.horizon = std::max(horizon, horizon_);
    changes.as_of = as_of_;
    return changes;
}

}  // namespace merlon::identity
