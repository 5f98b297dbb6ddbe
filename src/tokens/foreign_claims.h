// What a token of a trusted issuer says, as identity providers write them: who its subject is and
// what it may do. All else in it is the issuer's business.
#pragma once

#include <boost/json/object.hpp>

#include "tokens/access_token.h"

namespace merlon::tokens {

// Claims that have a meaning in our own tokens (`type`, `ver`, `role`, `email`, `userId` beside a
// `sub`) have none here, whatever their type: another issuer's `role: admin` is not our admin, and
// its `email` nobody has verified for us. Errors as parse_access_claims.
Result<AccessToken> read_foreign_claims(const boost::json::object& claims, const ClaimRules& rules,
                                        const access::Roles& roles, WallTime now);

}  // namespace merlon::tokens
