// The sessions table: one row per sign-in, with the refresh token that is valid for it now. Ending
// a session leaves a revocation, until its last access token has expired.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/database.h"

namespace merlon::identity {

// Ready for its row; personal fields sealed. A value: it travels into a transaction.
struct SealedSession {
    std::string id;
    std::string user_id;
    std::string token_id;
    std::string ip;
    std::string agent;
    std::int64_t now;
    std::int64_t expires_at;
};

struct SessionRow {
    std::string id;
    std::int64_t created_at;
    std::int64_t last_seen_at;
    std::string ip;     // sealed
    std::string agent;  // sealed
};

// One use of a refresh token.
struct Rotation {
    std::string session_id;
    std::string user_id;
    std::string presented_id;
    std::string next_id;
    std::string successor;  // the next token, under a key from the presented one
    std::int64_t now;
    std::int64_t grace;          // milliseconds
    std::int64_t expires_at;     // of the session, from now on
    std::int64_t revoked_until;  // of its access tokens, should this be a reuse
};

enum class RotationOutcome : std::uint8_t {
    Rotated,  // the presented token was the current one: its successor is now
    // It was the one before, and its successor was not used: `successor` is what it got then.
    Replayed,      // within the grace, as when two tabs refresh at once
    ReplayedLate,  // after it: the response was lost
    Reused,        // it was an older one: the session is over
    Unknown,       // no such session
};

struct Rotated {
    RotationOutcome outcome;
    std::string successor;     // Replayed, ReplayedLate
    std::int64_t version = 0;  // Reused: the user's from now on, as end() gives it
};

namespace session_store {

using SessionIds = std::vector<std::string>;

// Whether the access token of a session that ends is at hand. Services that check tokens for
// themselves know tokens and versions, but no sessions (session_key.h). So where a session is ended
// from elsewhere, the version of the user's tokens is raised for them: they refuse those of the
// user's other sessions too, until these refresh. Our gateways refuse the ended session alone.
enum class Tokens : std::uint8_t { AtHand, Elsewhere };

// Sessions a user may have; one more ends the oldest.
inline constexpr std::size_t per_user_max = 100;

// "<session>.<random>": a token of long ago still names the session to end.
std::string make_token_id(const std::string& session_id, std::string_view random);
// Empty when it is none of ours.
std::string session_of(std::string_view token_id);

// The sessions that have to end so that the user may have one more, some of the oldest. Concurrent
// sign-ins may each count the same ones: the next sign-in ends what they made too many.
Task<SessionIds> find_surplus(storage::Database& database, std::string user_id);
Task<> insert(storage::Transaction& transaction, SealedSession session);
// Ends those of `surplus` that are still there; gives them.
Task<SessionIds> end_surplus(storage::Transaction& transaction, std::string user_id,
                             SessionIds surplus, std::int64_t revoked_until);
// One conditional statement decides, so two uses at once cannot both rotate.
Task<Rotated> rotate(storage::Transaction& transaction, Rotation rotation);
// Ends one session of this user. Gives the user's new version, or 0 where it stays; empty: there is
// no such session.
Task<std::optional<std::int64_t>> end(storage::Transaction& transaction, std::string session_id,
                                      std::string user_id, Tokens tokens,
                                      std::int64_t revoked_until);
// Ends the session of a refresh token that is good, as rotate() would judge it. One that is not
// ends its session as well: it was stolen.
struct PresentedToken {
    std::string session_id;
    std::string user_id;
    std::string token_id;
    std::int64_t now;
};
enum class EndedBy : std::uint8_t { GoodToken, UsedToken, Nobody };
struct EndedByToken {
    EndedBy by = EndedBy::Nobody;
    std::int64_t version = 0;  // as end() gives it
};
Task<EndedByToken> end_by_token(storage::Transaction& transaction, PresentedToken presented,
                                std::int64_t revoked_until);
// Ends all but `kept` one by one; gives those that ended and, as end() does, the version.
struct EndedOthers {
    SessionIds session_ids;
    std::int64_t version = 0;
};
Task<EndedOthers> end_others(storage::Transaction& transaction, std::string user_id,
                             std::string kept, std::int64_t revoked_until);
// Ends all sessions of a user, and makes every earlier token stale. Fails with "account.absent"
// (Absent).
struct EndedAll {
    SessionIds session_ids;
    std::int64_t version = 0;  // that tokens must have from now on
};
Task<EndedAll> end_all(storage::Transaction& transaction, std::string user_id,
                       std::int64_t revoked_until);

// Deletes the sessions that expired before a time.
Task<> delete_expired(storage::Database* database, std::int64_t before);

// Whose session it is; empty: there is no such session.
Task<std::optional<std::string>> find_owner(storage::Database& database, std::string session_id);
Task<std::vector<SessionRow>> list(storage::Database& database, std::string user_id,
                                   std::int64_t now);

}  // namespace session_store
}  // namespace merlon::identity
