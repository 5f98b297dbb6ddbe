// The keys in Redis by which services that check tokens for themselves know what is revoked:
//
//     revoked:session:<sid>             is there: tokens with this `sid` are refused
//     token:version:<userId>            a number: tokens with a lower `ver` are refused
//     revoked:<userId>:<access token>   is there: this token is refused
//
// The first two speak of what a token says, whatever its text; the last is the seed's, and of a
// token that has a second text it holds one. Redis holds access tokens that were signed out: they
// are refused everywhere.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace merlon::identity {

// A key and its meaning. A value.
struct SessionKey {
    std::string name;
    std::int64_t version = 0;  // of a user; 0: the key refuses by being there
    WallTime until;            // after that it is not needed

    bool is_of_version() const { return version != 0; }

    // `until` is when the last token of the session has expired. Error: "uuid.malformed".
    static Result<SessionKey> of_session(std::string_view session_id, WallTime until);

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
