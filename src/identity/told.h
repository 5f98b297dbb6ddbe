// What the auth role tells gateways in other processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace merlon::identity {

struct ToldRevocation {
    std::string subject;  // a session's or a user's identifier
    std::int64_t least_version;
    std::int64_t until_ms;  // since 1970
};

struct Told {
    std::vector<ToldRevocation> revocations;
    std::int64_t horizon = 0;  // to ask from the next time
    std::string last;          // subject of a page that is not the last; empty: it is
    std::string jwks;          // the keys as they are now
};

}  // namespace merlon::identity
