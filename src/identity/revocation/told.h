// What the auth role tells gateways in other processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace merlon::identity {

struct ToldRevocation {
    std::string subject;  // a session's or a user's identifier
    std::int64_t least_version;
    std::int64_t until_ms;  // since 1970
    // Its transaction's number; 0 of SQLite, and where it does not matter.
    std::int64_t position = 0;
};

struct Told {
    std::vector<ToldRevocation> revocations;
    // To ask from the next time, and what was seen from there already: a transaction that is long
    // under way holds the horizon back.
    std::int64_t horizon = 0;
    std::string mark;
    std::string last;  // subject of a page that is not the last; empty: it is
    std::string jwks;  // the keys as they are now
    // It is whole as of so long after the question; negative: before it.
    std::chrono::milliseconds as_of{};
};

}  // namespace merlon::identity
