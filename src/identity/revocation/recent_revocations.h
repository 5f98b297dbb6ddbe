// Caches the newest rows of the revocations table. Gateways are served from it, so that one query
// to the database finds what is new, however many gateways follow.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "identity/revocation/revocation_row.h"

namespace merlon::identity {

// Safe from every thread.
class RecentRevocations final {
public:
    static constexpr std::size_t kept_max = 10'000;

    // What was read from the horizon `since` on; the next add() is from the horizon of these. What
    // is older than the last `kept_max` goes, a transaction at a time.
    void add(std::int64_t since, RevocationChanges changes);
    // Empty: they do not reach back so far, or were read before `fresh_since`.
    std::optional<RevocationChanges> since(std::int64_t horizon, SteadyTime fresh_since) const;

private:
    mutable Mutex mutex_;
    // Complete from this position on; empty: nothing added.
    std::optional<std::int64_t> from_ MERLON_GUARDED_BY(mutex_);
    std::vector<RevocationRow> revocations_ MERLON_GUARDED_BY(mutex_);  // by position
    std::int64_t horizon_ MERLON_GUARDED_BY(mutex_) = 0;
    SteadyTime as_of_ MERLON_GUARDED_BY(mutex_){};
};

}  // namespace merlon::identity
