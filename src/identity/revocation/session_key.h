// The keys in Redis by which services that check tokens for themselves know what is revoked:
//
//     revoked:<userId>:<access token>   is there: this token is refused
//     token:version:<userId>            a number: tokens with a lower `ver` are refused
//
// Redis holds access tokens that were signed out: they are refused everywhere.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace merlon::identity {

// A key and its meaning. A value.
struct SessionKey {
    std::string name;
    std::int64_t version = 0;  // of a user; 0: one token is refused
    WallTime until;            // after that it is not needed

    bool is_of_token() const { return version == 0; }

    // Until the token expires, but no longer than `latest`: a token is not verified again here.
    // What is no user or no token makes no key. Errors: "uuid.malformed", "jose.…", "token.claims".
    static Result<SessionKey> of_token(std::string_view user_id, std::string_view access_token,
                                       WallTime latest);
    // `until` is when the last token of a lower version expires. It is kept an hour longer than
    // that, for services whose clocks are behind ours. Error: "uuid.malformed".
    static Result<SessionKey> of_version(std::string_view user_id, std::int64_t version,
                                         WallTime until);

    // Whole seconds that it has to be kept, rounded up; 0 or less: it is not needed.
    std::int64_t seconds_left(WallTime now) const {
        return std::chrono::ceil<std::chrono::seconds>(until - now).count();
    }
};

}  // namespace merlon::identity
