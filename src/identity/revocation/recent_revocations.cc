// A log with two ends: what is read twice replaces itself at the new one, what is old leaves at the
// other.
#include "identity/revocation/recent_revocations.h"

#include <algorithm>
#include <iterator>

namespace merlon::identity {

void RecentRevocations::take(std::int64_t since, News news) {
    std::ranges::sort(news.revocations, {}, &ToldRevocation::position);
    const std::lock_guard lock(mutex_);
    if (!from_) from_ = since;
    // Of transactions that could still commit when they were read the last time, all comes again.
    revocations_.erase(std::ranges::lower_bound(revocations_, since, {}, &ToldRevocation::position),
                       revocations_.end());
    std::ranges::move(news.revocations, std::back_inserter(revocations_));
    horizon_ = news.horizon;
    as_of_ = news.as_of;
    if (revocations_.size() <= kept_max) return;
    // Half of them, so that not every take() moves all.
    const auto kept = revocations_.end() - kept_max / 2;
    from_ = std::prev(kept)->position + 1;
    revocations_.erase(revocations_.begin(), kept);
}

std::optional<News> RecentRevocations::since(std::int64_t horizon, SteadyTime fresh_since) const {
    const std::lock_guard lock(mutex_);
    if (!from_ || horizon < *from_ || as_of_ < fresh_since) return std::nullopt;
    News news;
    std::ranges::copy(
        std::ranges::lower_bound(revocations_, horizon, {}, &ToldRevocation::position),
        revocations_.end(), std::back_inserter(news.revocations));
    // Who asks may have read further in another process; that stays so.
    news.horizon = std::max(horizon, horizon_);
    news.as_of = as_of_;
    return news;
}

}  // namespace merlon::identity
