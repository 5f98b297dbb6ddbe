// Takes over what other processes of this role have revoked: several share one database.
#pragma once

#include "base/clock.h"
#include "identity/keys/access_tokens.h"
#include "identity/revocation/revocation_feed.h"
#include "identity/revocation/session_keys.h"
#include "tokens/revocations.h"

namespace merlon::identity {

// One call at a time. Borrows all for its life. Errors of both: those of Database.
class RevocationFollower final {
public:
    // `session_keys` is null where there is no Redis.
    RevocationFollower(storage::Database& database, tokens::Revocations& revocations,
                       SessionKeys* session_keys, AccessTokens& access_tokens, RevocationFeed& feed,
                       const Clock& clock)
        : database_(database),
          revocations_(revocations),
          session_keys_(session_keys),
          access_tokens_(access_tokens),
          feed_(feed),
          clock_(clock) {}

    // Every revocation still in force, once before follow() and before anything is served: a
    // sign-out of a minute ago holds over a restart.
    Task<> load();
    // What is new. When it succeeds, the set of revocations is complete as of its beginning.
    Task<> follow();

private:
    Task<> note_latest_issue();
    void take_over(const RevocationRow& revocation);

    storage::Database& database_;
    tokens::Revocations& revocations_;
    SessionKeys* session_keys_;
    AccessTokens& access_tokens_;
    RevocationFeed& feed_;
    const Clock& clock_;
    // Revocations of every transaction before this one have been taken over.
    std::int64_t horizon_ = 0;
};

}  // namespace merlon::identity
