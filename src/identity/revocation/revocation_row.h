// A revocation as its table holds it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/clock.h"

namespace merlon::identity {

// Least version of a revoked session: greater than any user's.
inline constexpr std::int64_t any_version = std::numeric_limits<std::int64_t>::max();

struct RevocationRow {
    std::string subject;  // a session's or a user's identifier
    std::int64_t least_version;
    std::int64_t until_ms;  // since 1970
    // Number of the transaction that wrote it; 0 on SQLite, and where it does not matter.
    std::int64_t position = 0;
};

// What transactions at or after a horizon have written (revocation_table.h says what a horizon is).
struct RevocationChanges {
    std::vector<RevocationRow> revocations;
    std::int64_t horizon = 0;  // to read from the next time
    SteadyTime as_of{};        // complete as of then
};

}  // namespace merlon::identity
