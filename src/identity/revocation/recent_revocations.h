// What was read last of the revocations table: gateways are told of it from here, so that however
// many follow, one question to the database finds what is new.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "identity/revocation/told.h"

namespace merlon::identity {

// Everything of a transaction at or after a horizon, and from where on to read the next time
// (follow.cc says what a horizon is).
struct News {
    std::vector<ToldRevocation> revocations;
    std::int64_t horizon = 0;
    SteadyTime as_of{};  // whole as of then
};

// Safe from every thread.
class RecentRevocations final {
public:
    static constexpr std::size_t kept_max = 10'000;

    // What was read from `since` on; the next time, from the horizon of this time's. What is older
    // than the last `kept_max` goes, a transaction at a time.
    void take(std::int64_t since, News news);
    // As take() gave it, if it reaches back so far and is not older than `fresh_since`.
    std::optional<News> since(std::int64_t horizon, SteadyTime fresh_since) const;

private:
    mutable std::mutex mutex_;
    std::optional<std::int64_t> from_;         // whole from this position on; null: nothing taken
    std::vector<ToldRevocation> revocations_;  // by position
    std::int64_t horizon_ = 0;
    SteadyTime as_of_{};
};

}  // namespace merlon::identity
