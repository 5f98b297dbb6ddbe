// Makes names of keys, only from what parses as a UUID and a compact token.
#include "identity/revocation/session_key.h"

#include <algorithm>

#include "base/uuid.h"
#include "tokens/access_token.h"
#include "wire/compact_jose.h"

namespace merlon::identity {
namespace {

constexpr std::chrono::hours clocks_behind_max{1};
// Ours have about 700 bytes.
constexpr std::size_t token_bytes_max = 8 << 10;

}  // namespace

Result<SessionKey> SessionKey::of_session(std::string_view session_id, WallTime until) {
    const Uuid session = MERLON_TRY(Uuid::parse(session_id));
    return SessionKey{"revoked:session:" + session.str(), 0, until};
}

Result<SessionKey> SessionKey::of_token(std::string_view user_id, std::string_view access_token,
                                        WallTime latest) {
    const Uuid user = MERLON_TRY(Uuid::parse(user_id));
    const wire::CompactJws jws = MERLON_TRY(wire::CompactJws::parse(access_token, token_bytes_max));
    const WallTime expires_at = MERLON_TRY(tokens::unverified_expiry(jws.payload));
    std::string name = "revoked:" + user.str() + ":";
    name += access_token;
    return SessionKey{std::move(name), 0, std::min(expires_at, latest)};
}

Result<SessionKey> SessionKey::of_version(std::string_view user_id, std::int64_t version,
                                          WallTime until) {
    const Uuid user = MERLON_TRY(Uuid::parse(user_id));
    return SessionKey{"token:version:" + user.str(), version, until + clocks_behind_max};
}

}  // namespace merlon::identity
