// Puts revocations in force that a transaction has committed: in this process's set, which every
// request consults, and in Redis, for services that check tokens for themselves.
#pragma once

#include <string>
#include <vector>

#include "identity/keys/access_tokens.h"
#include "identity/revocation/session_keys.h"
#include "tokens/revocations.h"

namespace merlon::identity {

// Safe from every thread. Call it after the commit; nothing in it fails. Borrows all for its life.
class RevocationPublisher final {
public:
    // `session_keys` is null where there is no Redis.
    RevocationPublisher(tokens::Revocations& revocations, SessionKeys* session_keys,
                        const AccessTokens& access_tokens)
        : revocations_(revocations), session_keys_(session_keys), access_tokens_(access_tokens) {}

    // In Redis as soon as may be: before what write_token() and write_version() wait for later.
    void end_session(const std::string& session_id, WallTime until);
    // Until the last access token there is has expired.
    void end_sessions(const std::vector<std::string>& session_ids);
    // Every token of the user below `version` is refused.
    Task<> raise_version(std::string user_id, std::int64_t version, WallTime until);

    // In Redis alone, for services of the seed, which know tokens and versions but no sessions.
    Task<> write_token(std::string user_id, std::string access_token);
    // `version` 0: it was not raised, and nothing is written.
    Task<> write_version(std::string user_id, std::int64_t version, WallTime until);

private:
    tokens::Revocations& revocations_;
    SessionKeys* session_keys_;
    const AccessTokens& access_tokens_;
};

}  // namespace merlon::identity
